//! Operations as the services take them.

use super::{Course, Real};
use crate::suites::stay_model::model::Model;
use crate::suites::stay_model::ops::{Act, Op, Span};
use chrono::{Duration, NaiveDate};
use innkeep_domain::Result;
use innkeep_domain::booking::amend::amend;
use innkeep_domain::booking::cancel::{What, cancel};
use innkeep_domain::booking::change::Force;
use innkeep_domain::booking::channel::apply;
use innkeep_domain::booking::reserve::reserve;
use innkeep_domain::booking::{hold, settle, store};
use innkeep_domain::channel::revision::RevisionStatus;
use innkeep_domain::db::TenantTx;
use innkeep_domain::desk::assign::{self, Assign};
use innkeep_domain::desk::check_in::{check_in, undo_check_in};
use innkeep_domain::desk::check_out::{check_out, undo_check_out};
use innkeep_domain::desk::walk_in::{WalkIn, walk_in};
use innkeep_domain::desk::{housekeeping, maintenance};
use innkeep_domain::property::Cleanliness;
use innkeep_domain::rates::ari;

const WHY: &str = "the model says so";

fn forced(force: bool) -> Option<Force> {
    force.then(|| Force { reason: WHY.into() })
}

impl Real {
    pub(super) async fn act(
        &self,
        tx: &mut TenantTx,
        course: &mut Course,
        before: &Model,
        op: &Op,
    ) -> Result<()> {
        let (who, now) = (&self.who, course.now);
        let property = self.house.property_id;
        match *op {
            Op::Book {
                kind,
                from,
                len,
                adults,
            } => {
                let new = self.booking(course, kind, (from, len), adults, None);
                course.made(&reserve(tx, who, new, now).await?);
            }
            Op::Hold {
                kind,
                from,
                len,
                minutes,
            } => {
                let new = self.booking(course, kind, (from, len), 1, Some(minutes));
                course.made(&reserve(tx, who, new, now).await?);
            }
            Op::WalkIn {
                kind,
                len,
                unit,
                force,
            } => {
                let new = WalkIn {
                    booking: self.booking(course, kind, (before.today, len), 1, None),
                    unit_id: unit.map(|u| self.units[u]),
                    needs: None,
                };
                course.made(&walk_in(tx, who, property, new, forced(force).as_ref(), now).await?);
            }
            Op::Channel {
                reference,
                aimed,
                kind,
                from,
                len,
            } => {
                let reference = before.reference(reference, aimed);
                let revision = self.revision(
                    course,
                    reference,
                    RevisionStatus::Modified,
                    (kind, from, from + len),
                );
                let applied = apply(tx, who, &self.connection, &revision, now).await?;
                if before.sold_to(reference).is_none() {
                    course.made(&store::get(tx, who, applied.booking_id).await?);
                }
            }
            Op::ChannelCancel { reference, aimed } => {
                let reference = before.reference(reference, aimed);
                if let Some(stay) = before.sold_to(reference) {
                    let last = before.stays[stay].as_booked();
                    let revision = self.revision(course, reference, RevisionStatus::Cancelled, last);
                    apply(tx, who, &self.connection, &revision, now).await?;
                }
            }
            Op::Block { unit, from, len } => {
                let new = self.leak(course, unit, (from, len));
                maintenance::create(tx, who, property, new, None, now).await?;
            }
            Op::Clean { unit } => {
                housekeeping::mark(tx, who, self.units[unit], Cleanliness::Clean, None, now).await?;
            }
            Op::Reprice { kind, price } => {
                ari::change(tx, who, property, self.prices(course, kind, price), now).await?;
            }
            Op::TimePasses { minutes } => {
                course.now += Duration::minutes(minutes);
                while hold::end_expired(tx, course.now).await? {}
            }
            Op::NightPasses => self.move_business_date(tx, course.day(before.tomorrow())).await?,
            Op::Stay { stay, aimed, ref act } => {
                if let Some(at) = before.pick(stay, aimed, act) {
                    self.act_on(tx, course, (before, at), act).await?;
                }
            }
        }
        Ok(())
    }

    /// As the night audit will.
    async fn move_business_date(&self, tx: &mut TenantTx, to: NaiveDate) -> Result<()> {
        sqlx::query("update property set business_date = $2 where id = $1")
            .bind(self.house.property_id)
            .bind(to)
            .execute(&mut **tx)
            .await?;
        Ok(())
    }

    async fn act_on(
        &self,
        tx: &mut TenantTx,
        course: &Course,
        (before, at): (&Model, usize),
        act: &Act,
    ) -> Result<()> {
        let (who, now) = (&self.who, course.now);
        let (booking, id) = course.stays[at];
        let span = |span: Span| {
            let days = span.within(&before.stays[at]);
            let date = |day: usize| course.day(day);
            (days.as_ref().map(|d| date(d.start)), days.map(|d| date(d.end)))
        };
        match *act {
            Act::Confirm => drop(hold::confirm(tx, who, booking, None, now).await?),
            Act::Amend { ref change, force } => {
                let amendment = self.amendment(course, &before.stays[at], change);
                amend(tx, who, id, &amendment, None, forced(force).as_ref(), None, now).await?;
            }
            Act::Cancel => drop(cancel(tx, who, What::Reservation(id), None, None, now).await?),
            Act::NoShow => drop(settle::no_show(tx, who, id, None, None, now).await?),
            Act::Reinstate { force } => {
                settle::reinstate(tx, who, id, None, forced(force).as_ref(), now).await?;
            }
            Act::Assign { unit, span: s, force } => {
                let (from, to) = span(s);
                let cmd = Assign {
                    reservation_id: id,
                    unit_id: self.units[unit],
                    from,
                    to,
                };
                assign::assign(tx, who, cmd, forced(force).as_ref(), None, now).await?;
            }
            Act::Unassign { span: s } => drop(assign::unassign(tx, who, id, span(s), None, now).await?),
            Act::Lock { locked } => drop(assign::lock(tx, who, id, locked, None, now).await?),
            Act::CheckIn { force } => {
                check_in(tx, who, id, forced(force).as_ref(), None, now).await?;
            }
            Act::UndoCheckIn => drop(undo_check_in(tx, who, id, None, now).await?),
            Act::CheckOut => drop(check_out(tx, who, id, None, now).await?),
            Act::UndoCheckOut => drop(undo_check_out(tx, who, id, None, now).await?),
        }
        Ok(())
    }
}
