//! Histories with one lie in them: a checker that believes any of these proves nothing.

use super::history::{Entry, Op};

/// Puts a lie in, if there is a place for it.
type Lie = fn(&mut [Entry]) -> Option<()>;

/// Each kind of lie that this history has a place for, by name.
pub fn lies(history: &[Entry]) -> Vec<(&'static str, Vec<Entry>)> {
    let kinds: [(&str, Lie); 5] = [
        ("a read of a night sold beyond its units", oversold),
        ("a read of what was so long ago", stale),
        ("a booking refused that was made", denied),
        ("a stay cancelled twice", twice),
        ("two amendments that made the same version", lost),
    ];
    let told = kinds.into_iter().filter_map(|(name, lie)| {
        let mut forged = history.to_vec();
        lie(&mut forged).map(|()| (name, forged))
    });
    told.collect()
}

fn oversold(all: &mut [Entry]) -> Option<()> {
    let middle = all.len() / 2;
    let read = all.iter_mut().skip(middle).find_map(|e| match &mut e.op {
        Op::Read { sold } => Some(sold),
        _ => None,
    })?;
    read[0][0] += 3;
    Some(())
}

/// The last read gives the answer of one that differs from it and from every read not long before it: what clients do
/// at the same time cannot explain so much.
fn stale(all: &mut [Entry]) -> Option<()> {
    let reads: Vec<usize> = (0..all.len())
        .filter(|i| matches!(all[*i].op, Op::Read { .. }))
        .collect();
    let last = *reads.last()?;
    let distance = |a: &Op, b: &Op| match (a, b) {
        (Op::Read { sold: a }, Op::Read { sold: b }) => a
            .iter()
            .flatten()
            .zip(b.iter().flatten())
            .map(|(a, b)| a.abs_diff(*b))
            .max(),
        _ => None,
    };
    let furthest = reads.iter().copied().max_by_key(|i| {
        let differs = |j: &usize| distance(&all[*i].op, &all[*j].op).unwrap_or(0);
        reads.iter().rev().take(reads.len() / 20 + 1).map(differs).min()
    })?;
    all[last].op = all[furthest].op.clone();
    Some(())
}

/// A booking that was changed later on is said to have been refused: what follows refers to nothing.
fn denied(all: &mut [Entry]) -> Option<()> {
    let changed = |all: &[Entry], of: usize| {
        all.iter()
            .any(|e| matches!(e.op, Op::Changed { booking, version: 2, .. } if booking == of))
    };
    let made = (all.len() / 2..all.len()).find(|i| match all[*i].op {
        Op::Booked { booking, .. } => changed(all, booking),
        _ => false,
    })?;
    if let Op::Booked { span, .. } = all[made].op {
        all[made].op = Op::Refused { span };
    }
    Some(())
}

/// Who was told that a stay is over is said to have ended it.
fn twice(all: &mut [Entry]) -> Option<()> {
    let ended: Vec<(usize, usize)> = all
        .iter()
        .filter_map(|e| match e.op {
            Op::Changed {
                booking,
                version,
                to: None,
            } => Some((booking, version)),
            _ => None,
        })
        .collect();
    let (again, version) = all.iter().enumerate().find_map(|(i, e)| match e.op {
        Op::Over { booking } => ended.iter().find(|(b, _)| *b == booking).map(|(_, v)| (i, v + 1)),
        _ => None,
    })?;
    if let Op::Over { booking } = all[again].op {
        all[again].op = Op::Changed {
            booking,
            version,
            to: None,
        };
    }
    Some(())
}

/// The third version of a stay claims to be its second.
fn lost(all: &mut [Entry]) -> Option<()> {
    let second = |all: &[Entry], of: usize| {
        all.iter().find_map(|e| match e.op {
            Op::Changed {
                booking,
                version: 2,
                to,
            } if booking == of => Some(to),
            _ => None,
        })
    };
    let third = (0..all.len()).find(|i| match all[*i].op {
        Op::Changed {
            booking,
            version: 3,
            to,
        } => second(all, booking).is_some_and(|before| before != to),
        _ => false,
    })?;
    if let Op::Changed { version, .. } = &mut all[third].op {
        *version = 2;
    }
    Some(())
}
