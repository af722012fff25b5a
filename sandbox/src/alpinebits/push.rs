//! Guest requests pushed to the hotel's side, for a hotel that is called.

use std::fmt::Write;

use roxmltree::Document;

use super::guests;
use super::hotel::{Call, Target};
use super::message::NAMESPACE;
use crate::state::Sandbox;

const ACTION: &str = "OTA_HotelResNotif:GuestRequests";
const BOUNDARY: &str = "sandbox-portal";

/// Sends what waits of one id, and notes what was acknowledged. The journal has what came of it.
pub(crate) async fn deliver(sandbox: &Sandbox, code: &str, id: &str) {
    let Some((target, message)) = prepared(sandbox, code, id) else {
        return;
    };
    let version = "2024-10";
    let mut call = Call::new(ACTION, Some(version), &message);
    let mut body = String::new();
    for (name, value) in [("action", ACTION), ("request", message.as_str())] {
        let _ = write!(
            body,
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
    }
    let _ = write!(body, "--{BOUNDARY}--\r\n");
    let request = sandbox
        .http()
        .post(&target.url)
        .basic_auth(&target.user, Some(&target.password))
        .header("X-AlpineBits-ClientProtocolVersion", version)
        .header(
            "Content-Type",
            format!("multipart/form-data; boundary={BOUNDARY}"),
        )
        .body(body);
    match request.send().await {
        Ok(answer) => {
            call.status = answer.status().as_u16();
            call.answer = answer.text().await.unwrap_or_default();
        }
        Err(error) => call.answer = error.to_string(),
    }
    if let Some(hotel) = sandbox.portal().hotel_mut(code) {
        if let Ok(document) = Document::parse(&call.answer) {
            guests::taken(hotel, Some(document.root_element()));
        }
        hotel.record(call);
    }
}

fn prepared(sandbox: &Sandbox, code: &str, id: &str) -> Option<(Target, String)> {
    let portal = &mut *sandbox.portal();
    let hotel = portal.hotel_mut(code)?;
    let target = hotel.spec.push.clone()?;
    let waiting = hotel
        .items
        .iter_mut()
        .filter(|item| item.id == id && item.waits());
    let all: String = waiting
        .map(|item| {
            item.shown = true;
            item.xml(code, &hotel.spec)
        })
        .collect();
    let message = format!(
        "<OTA_HotelResNotifRQ xmlns=\"{NAMESPACE}\" Version=\"1.000\"><HotelReservations>{all}</HotelReservations>\
         </OTA_HotelResNotifRQ>"
    );
    Some((target, message))
}
