//! `/v1/guests`: a person's one profile, and what becomes of doubles.

mod dto;
mod held;
mod outline;

use crate::api::error::ApiError;
use crate::api::etag::{Found, expected};
use crate::api::page::{Page, Window};
use crate::api::{ApiResult, Auth, Body, Changed, Created, Once, Tag, write};
use crate::app::Shared;
pub use dto::Address;
use dto::{Guest, GuestChange, GuestPair, Merge, NewGuest};
use held::{Erase, GuestExport};
use innkeep_domain::guest::store::{self, Search};
use innkeep_domain::guest::{duplicate, erase, export, merge, profile};
use innkeep_domain::{Permission, Principal, guest::entity};
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Header, Path, Query};
use poem_openapi::payload::Json;
use uuid::Uuid;

pub struct Guests;

#[OpenApi(prefix_path = "/v1/guests", tag = "Tag::Guests")]
impl Guests {
    /// Find guests
    ///
    /// By one of `email`, `phone` (both exact, whatever their spelling) and `name`; without any, everybody. In the
    /// order of names. What is stored of a guest is sealed but for the name, which is what the front desk searches by.
    #[oai(path = "/", method = "get", operation_id = "list_guests")]
    #[expect(clippy::too_many_arguments, reason = "one argument for each query parameter")]
    async fn list(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        email: Query<Option<String>>,
        phone: Query<Option<String>>,
        /// How `last name first name` begins, e.g. `lovelace a`.
        name: Query<Option<String>>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<Guest>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let search = search(email.0, phone.0, name.0)?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let rows = store::list(&mut tx, &auth.0, &search, window.after, window.rows()).await?;
        Ok(Json(window.page(rows, |g| g.id, |g| show(&auth.0, g))))
    }

    /// Add a guest
    #[oai(path = "/", method = "post", operation_id = "create_guest")]
    async fn create(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        body: Body<NewGuest>,
    ) -> ApiResult<Created<Guest>> {
        let new = body.0.into();
        write(&app, &auth.0, &once, "create_guest", async |tx| {
            let made = profile::create(tx, &auth.0, new, app.now()).await?;
            let (path, version) = (format!("/v1/guests/{}", made.id), made.version);
            Ok(Created::new(&show(&auth.0, made)).location(path).version(version))
        })
        .await
    }

    /// List guests who look like one person
    ///
    /// Pairs with the same e-mail, phone, or name and birth date. Merge them, or leave them be.
    #[oai(path = "/duplicates", method = "get", operation_id = "list_duplicate_guests")]
    async fn duplicates(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        limit: Query<Option<u32>>,
        cursor: Query<Option<String>>,
    ) -> ApiResult<Json<Page<GuestPair>>> {
        let window = Window::parse(limit.0, cursor.0.as_deref())?;
        let mut tx = app.db.begin_for(&auth.0).await?;
        let rows = duplicate::list(&mut tx, &auth.0, window.after, window.rows()).await?;
        Ok(Json(window.page(
            rows,
            |p| (p.first.id, p.second.id),
            GuestPair::from,
        )))
    }

    /// Read a guest
    ///
    /// One that was merged into another is still there and says so: follow `merged_into`.
    #[oai(path = "/:id", method = "get", operation_id = "get_guest")]
    async fn get(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        id: Path<Uuid>,
        #[oai(name = "If-None-Match")] if_none_match: Header<Option<String>>,
    ) -> ApiResult<Found<Guest>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let found = store::get(&mut tx, &auth.0, id.0).await?;
        Ok(Found::new(&if_none_match, found.version, show(&auth.0, found)))
    }

    /// Change a guest
    #[oai(path = "/:id", method = "patch", operation_id = "change_guest")]
    async fn change(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<GuestChange>,
    ) -> ApiResult<Changed<Guest>> {
        let (change, version) = (body.0.parse()?, expected(&if_match)?);
        write(&app, &auth.0, &once, "change_guest", async |tx| {
            let changed = profile::change(tx, &auth.0, id.0, change, version, app.now()).await?;
            let version = changed.version;
            Ok(Changed::new(&show(&auth.0, changed)).version(version))
        })
        .await
    }

    /// Merge another guest into this one
    ///
    /// The other's stays move here, what is empty here is filled from there, notes are appended; blacklisted stays
    /// blacklisted. The other remains as it was, found by its id only, with `merged_into`. Again changes nothing.
    #[oai(path = "/:id/actions/merge", method = "post", operation_id = "merge_guests")]
    async fn merge(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        #[oai(name = "If-Match")] if_match: Header<Option<String>>,
        body: Body<Merge>,
    ) -> ApiResult<Changed<Guest>> {
        let (other, version) = (body.0.other_id, expected(&if_match)?);
        write(&app, &auth.0, &once, "merge_guests", async |tx| {
            let merged = merge::merge(tx, &auth.0, id.0, other, version, app.now()).await?;
            let version = merged.version;
            Ok(Changed::new(&show(&auth.0, merged)).version(version))
        })
        .await
    }

    /// Export what is held of a guest
    ///
    /// Profile (and those merged into it), bookings, registration forms, log and channels' messages, as JSON and as
    /// text to read (`readable`). Others of the same bookings are left out, and who works here. The log notes that it
    /// was exported.
    #[oai(path = "/:id/actions/export", method = "post", operation_id = "export_guest")]
    async fn export(&self, auth: Auth, app: Data<&Shared>, id: Path<Uuid>) -> ApiResult<Json<GuestExport>> {
        let mut tx = app.db.begin_for(&auth.0).await?;
        let held = export::export(&mut tx, &auth.0, id.0, app.now()).await?;
        tx.commit().await?;
        Ok(Json(held.into()))
    }

    /// Erase a guest
    ///
    /// For good: the profile (and those merged into it), registration forms, booker, guest names, needs and notes of the
    /// guest's bookings, people's words in the log, what channels sent, what was written through them, quotes, alerts'
    /// words and answers kept for repeated requests. Kept, because tax law asks for it: the bookings' references, dates, prices, taxes and fees,
    /// terms, states, company and channel, who stayed as a bare id, and what happened when. 409 `guest_has_stays` while
    /// a stay is to come or in house. What is written into other records by hand (of a group, a company, a repair) is not
    /// searched.
    #[oai(path = "/:id/actions/erase", method = "post", operation_id = "erase_guest")]
    async fn erase(
        &self,
        auth: Auth,
        app: Data<&Shared>,
        once: Once,
        id: Path<Uuid>,
        body: Body<Erase>,
    ) -> ApiResult<Changed<Guest>> {
        let reason = body.0.reason;
        write(&app, &auth.0, &once, "erase_guest", async |tx| {
            let erased = erase::erase(tx, &auth.0, id.0, &reason, app.now()).await?;
            let version = erased.version;
            Ok(Changed::new(&show(&auth.0, erased)).version(version))
        })
        .await
    }
}

fn search(email: Option<String>, phone: Option<String>, name: Option<String>) -> ApiResult<Search> {
    match (email, phone, name) {
        (Some(email), None, None) => Ok(Search::Email(email)),
        (None, Some(phone), None) => Ok(Search::Phone(phone)),
        (None, None, name) => Ok(Search::Name(name.unwrap_or_default())),
        _ => Err(ApiError::parameter("email", "one of email, phone and name")),
    }
}

fn show(who: &Principal, guest: entity::Guest) -> Guest {
    Guest::show(guest, !who.may(Permission::ReadDocuments))
}
