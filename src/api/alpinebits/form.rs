//! The form that a message comes in.

use super::reply::Failure;
use flate2::read::MultiGzDecoder;
use poem::http::{HeaderMap, header};
use poem::web::Multipart;
use poem::{FromRequest, Request};
use std::io::Read;

/// Bytes of a packed form once it is unpacked: as many as one that is not packed may have.
const LARGEST: u64 = 1 << 20;

pub struct Form {
    pub action: String,
    /// XML; empty when there is none.
    pub request: Vec<u8>,
}

pub async fn read(headers: &HeaderMap, body: Vec<u8>) -> Result<Form, Failure> {
    let body = unpacked(headers, body)?;
    let mut request = Request::builder();
    if let Some(kind) = headers.get(header::CONTENT_TYPE) {
        request = request.header(header::CONTENT_TYPE, kind);
    }
    let (request, mut body) = request.body(body).split();
    let mut parts = Multipart::from_request(&request, &mut body)
        .await
        .map_err(wrong)?;
    let (mut action, mut message) = (None, None);
    while let Some(field) = parts.next_field().await.map_err(wrong)? {
        let place = match field.name() {
            Some("action") => &mut action,
            Some("request") => &mut message,
            _ => continue,
        };
        let twice = || Failure::protocol("action and request come once each");
        let known = place.replace(field.bytes().await.map_err(wrong)?);
        known.is_none().then_some(()).ok_or_else(twice)?;
    }
    let action = String::from_utf8(action.unwrap_or_default()).unwrap_or_default();
    Ok(Form {
        action,
        request: message.unwrap_or_default(),
    })
}

fn wrong<E>(_: E) -> Failure {
    Failure::protocol("the body is not multipart/form-data")
}

fn unpacked(headers: &HeaderMap, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
    match headers
        .get(header::CONTENT_ENCODING)
        .map(|value| value.as_bytes())
    {
        None | Some(b"" | b"identity") => Ok(body),
        Some(name) if name.eq_ignore_ascii_case(b"gzip") => inflated(&body),
        Some(_) => Err(Failure::protocol("no other encoding than gzip is read")),
    }
}

/// Stops at the limit, whatever the packed bytes would become.
fn inflated(packed: &[u8]) -> Result<Vec<u8>, Failure> {
    let mut all = Vec::new();
    let read = MultiGzDecoder::new(packed)
        .take(LARGEST + 1)
        .read_to_end(&mut all);
    read.map_err(|_| Failure::protocol("the body is not gzip"))?;
    if u64::try_from(all.len()).is_ok_and(|length| length <= LARGEST) {
        return Ok(all);
    }
    Err(Failure::protocol(format!(
        "the body has more than {LARGEST} bytes"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn packed(length: u64) -> Vec<u8> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&vec![b' '; usize::try_from(length).unwrap()])
            .unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn what_is_packed_may_be_as_large_as_what_is_not() {
        assert!(inflated(&packed(LARGEST)).is_ok());
        assert!(inflated(&packed(LARGEST + 1)).is_err());
        assert!(inflated(b"not gzip").is_err());
    }
}
