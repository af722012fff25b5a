//! What is known of a person does not reach a log by oversight: types that hold it print their name, and their id if
//! they have one, whatever is in them. A log line that needs more must name a field, and whoever reads it sees that.

/// Gives the types a `Debug` that tells nothing of a person: `private!(Address, Guest[id])`.
macro_rules! private {
    ($($name:ident $([$id:ident])?),+ $(,)?) => {
        $(impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(stringify!($name))?;
                $(write!(f, " {}", self.$id)?;)?
                f.write_str(" (private)")
            }
        })+
    };
}
pub(crate) use private;

#[cfg(test)]
mod tests {
    use crate::channel::revision::Booker;
    use crate::guest::entity::{Address, Document, Guest, Personal};
    use crate::ids::new_id;
    use crate::ports::channel::RawMessage;
    use chrono::DateTime;

    /// Whatever holds a person, itself or within, prints nothing of them.
    #[test]
    fn debug_output_holds_no_person() {
        const CANARY: &str = "canary";
        let text = || Some(CANARY.to_owned());
        let mut guest = Guest::blank(new_id(), DateTime::UNIX_EPOCH);
        guest.last_name = CANARY.into();
        guest.personal = Personal {
            email: text(),
            address: Some(Address {
                street: text(),
                ..Address::default()
            }),
            document: Some(Document {
                kind: "passport".into(),
                number: CANARY.into(),
                issuing_country: None,
                expires: None,
            }),
            ..Personal::default()
        };
        let booker = Booker {
            name: CANARY.into(),
            email: text(),
            ..Booker::default()
        };
        let raw = RawMessage {
            message_id: "1".into(),
            raw: CANARY.into(),
        };
        let personal = guest.personal.clone();
        let said = format!(
            "{guest:?} {personal:#?} {:?} {booker:?} {raw:?}",
            personal.address
        );
        assert!(!said.contains(CANARY), "{said}");
        assert!(said.contains(&guest.id.to_string()), "{said}");
    }
}
