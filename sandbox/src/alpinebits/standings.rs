//! What the hotel says became of what was sold here (GuestRequests status update).

use std::fmt::Write;

use roxmltree::Node;

use super::hotel::Hotel;
use super::message::{Error, Warning, element, elements};

/// With the warnings, the list of what was taken.
pub(crate) fn take(hotel: &mut Hotel, root: Node<'_, '_>) -> Result<(Vec<Warning>, String), Error> {
    let list = element(root, "HotelReservations");
    let list = list.ok_or_else(|| Error(321, "HotelReservations is missing".to_owned()))?;
    let (mut warnings, mut taken) = (Vec::new(), String::new());
    for reservation in elements(list, "HotelReservation") {
        let missing = || Error(321, "UniqueID is missing".to_owned());
        let id = element(reservation, "UniqueID").ok_or_else(missing)?;
        let (kind, id) = (id.attribute("Type"), id.attribute("ID").ok_or_else(missing)?);
        let status = reservation.attribute("ResStatus").unwrap_or_default();
        if !["Reserved", "Cancelled"].contains(&status) || (status == "Cancelled") != (kind == Some("15")) {
            return Err(Error(
                320,
                format!("Type and ResStatus of {id} do not go together"),
            ));
        }
        // Of what became of it, and not of what it was.
        let Some(item) = hotel.items.iter_mut().rfind(|item| item.id == id && item.shown) else {
            warnings.push(Warning {
                code: Some(450),
                ..Warning::not_taken(id, "nothing of this id was sold here")
            });
            continue;
        };
        item.standing = Some(status.to_owned());
        let _ = write!(
            taken,
            "<HotelReservation><UniqueID Type=\"{}\" ID=\"{id}\"/></HotelReservation>",
            kind.unwrap_or_default()
        );
    }
    if taken.is_empty() {
        return Err(Error(450, "nothing of it was sold here".to_owned()));
    }
    Ok((
        warnings,
        format!("<HotelReservations>{taken}</HotelReservations>"),
    ))
}
