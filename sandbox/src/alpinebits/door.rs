//! `POST /alpinebits`: log-in, form, action. What is not understood is 400 and a line that begins with `ERROR:`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use poem::http::{StatusCode, header};
use poem::web::{Data, Multipart};
use poem::{Request, Response, handler};
use roxmltree::{Document, Node};
use serde_json::Value;

use super::capabilities;
use super::hotel::{Call, Hotel};
use super::message::{self, Error, NAMESPACE, Warning, element, escaped};
use super::{free_rooms, guests, inventory, rate_plans, standings};
use crate::state::Sandbox;

const MOST_BYTES: usize = 4 << 20;

#[handler]
pub(crate) async fn exchange(
    Data(sandbox): Data<&Sandbox>,
    request: &Request,
    mut form: Multipart,
) -> Response {
    let log_in = request.header(header::AUTHORIZATION).and_then(basic);
    let code = log_in.and_then(|(user, password)| sandbox.portal().of_login(&user, &password));
    let Some(code) = code else {
        return plain(
            StatusCode::UNAUTHORIZED,
            "ERROR:invalid or missing username/password",
        );
    };
    let Some((action, text)) = fields(&mut form).await else {
        return plain(StatusCode::BAD_REQUEST, "ERROR:no form of action and request");
    };
    let version = request.header("X-AlpineBits-ClientProtocolVersion");
    let portal = &mut *sandbox.portal();
    let Some(hotel) = portal.hotel_mut(&code) else {
        return plain(StatusCode::UNAUTHORIZED, "ERROR:the hotel is gone");
    };
    let mut call = Call::new(&action, version, &text);
    let answered = answer(hotel, &code, (&action, version), &text);
    let (status, body) = match answered {
        Ok(body) => (StatusCode::OK, body),
        Err(why) => (StatusCode::BAD_REQUEST, format!("ERROR:{why}")),
    };
    call.status = status.as_u16();
    call.answer.clone_from(&body);
    hotel.record(call);
    plain(status, &body)
}

fn plain(status: StatusCode, body: &str) -> Response {
    let kind = if status.is_success() {
        "text/xml"
    } else {
        "text/plain"
    };
    Response::builder()
        .status(status)
        .content_type(kind)
        .body(body.to_owned())
}

fn basic(value: &str) -> Option<(String, String)> {
    let pair = STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let pair = String::from_utf8(pair).ok()?;
    let (user, password) = pair.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

async fn fields(form: &mut Multipart) -> Option<(String, String)> {
    let (mut action, mut message) = (None, None);
    while let Some(field) = form.next_field().await.ok()? {
        let place = match field.name() {
            Some("action") => &mut action,
            Some("request") => &mut message,
            _ => continue,
        };
        *place = Some(field.text().await.ok().filter(|text| text.len() <= MOST_BYTES)?);
    }
    Some((action?, message.unwrap_or_default()))
}

/// The error is one of the protocol, in words.
fn answer(
    hotel: &mut Hotel,
    code: &str,
    (action, version): (&str, Option<&str>),
    text: &str,
) -> Result<String, String> {
    // Mandatory in every request, the handshake's included: a client without it is older than 2013-04.
    let version = version.ok_or("X-AlpineBits-ClientProtocolVersion is missing")?;
    if !is_version(version) {
        return Err("X-AlpineBits-ClientProtocolVersion is no version".to_owned());
    }
    let spoken = hotel.spec.versions.iter().any(|one| one == version);
    let document = Document::parse(text).map_err(|error| format!("no XML: {error}"))?;
    let root = document.root_element();
    if action == "OTA_Ping:Handshaking" {
        if hotel.spec.strict_handshake && !spoken {
            return Err("this version is not spoken here".to_owned());
        }
        return handshake(hotel, root);
    }
    let (name, capability, reply) = messages(action).ok_or("unknown or missing action")?;
    if !spoken || !hotel.offers(capability) {
        return Err("neither this version nor this action was agreed on".to_owned());
    }
    if !root.has_tag_name((NAMESPACE, name)) {
        return Err("another message than the action's".to_owned());
    }
    Ok(message::answer(reply, perform(hotel, code, action, root)))
}

/// Of an action after the handshake: its message, what a handshake calls it, and the answer to it.
fn messages(action: &str) -> Option<(&'static str, &'static str, &'static str)> {
    Some(match action {
        "OTA_HotelInvCountNotif:FreeRooms" => (
            "OTA_HotelInvCountNotifRQ",
            "action_OTA_HotelInvCountNotif",
            "OTA_HotelInvCountNotifRS",
        ),
        "OTA_HotelRatePlanNotif:RatePlans" => (
            "OTA_HotelRatePlanNotifRQ",
            "action_OTA_HotelRatePlanNotif_RatePlans",
            "OTA_HotelRatePlanNotifRS",
        ),
        "OTA_HotelDescriptiveContentNotif:Inventory" => (
            "OTA_HotelDescriptiveContentNotifRQ",
            capabilities::INVENTORY,
            "OTA_HotelDescriptiveContentNotifRS",
        ),
        "OTA_HotelResNotif:GuestRequests_StatusUpdate" => (
            "OTA_HotelResNotifRQ",
            capabilities::STATUS_UPDATE,
            "OTA_HotelResNotifRS",
        ),
        "OTA_Read:GuestRequests" => ("OTA_ReadRQ", "action_OTA_Read", "OTA_ResRetrieveRS"),
        "OTA_NotifReport:GuestRequests" => ("OTA_NotifReportRQ", "action_OTA_Read", "OTA_NotifReportRS"),
        _ => return None,
    })
}

/// As they are named: year, month, and a letter where one was mended, `2024-10` or `2012-05b`.
fn is_version(text: &str) -> bool {
    let plain = text.strip_suffix(|last: char| last.is_ascii_lowercase());
    let digits = plain.unwrap_or(text).strip_prefix("20");
    let digits = digits.and_then(|rest| rest.split_once('-'));
    digits.is_some_and(|pair| {
        [pair.0, pair.1]
            .iter()
            .all(|two| two.len() == 2 && two.bytes().all(|digit| digit.is_ascii_digit()))
    })
}

fn perform(
    hotel: &mut Hotel,
    code: &str,
    action: &str,
    root: Node<'_, '_>,
) -> Result<(Vec<Warning>, String), Error> {
    match action {
        "OTA_HotelInvCountNotif:FreeRooms" => Ok((free_rooms::take(hotel, code, root)?, String::new())),
        "OTA_HotelRatePlanNotif:RatePlans" => Ok((rate_plans::take(hotel, code, root)?, String::new())),
        "OTA_HotelDescriptiveContentNotif:Inventory" => {
            Ok((inventory::take(hotel, code, root)?, String::new()))
        }
        "OTA_HotelResNotif:GuestRequests_StatusUpdate" => standings::take(hotel, root),
        "OTA_Read:GuestRequests" => Ok((Vec::new(), guests::list(hotel, code, root)?)),
        _ => guests::acknowledge(hotel, root).map(|()| (Vec::new(), String::new())),
    }
}

fn handshake(hotel: &Hotel, root: Node<'_, '_>) -> Result<String, String> {
    let data = element(root, "EchoData").and_then(|data| data.text());
    let data = data.ok_or("EchoData is missing")?;
    let asked: Value = serde_json::from_str(data).map_err(|error| error.to_string())?;
    let common = capabilities::common(&hotel.spec, &asked).to_string();
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<OTA_PingRS xmlns=\"{NAMESPACE}\" Version=\"8.000\"><Success/>\
         <Warnings><Warning Type=\"11\" Status=\"ALPINEBITS_HANDSHAKE\">{}</Warning></Warnings>\
         <EchoData>{}</EchoData></OTA_PingRS>",
        escaped(&common),
        escaped(data)
    ))
}
