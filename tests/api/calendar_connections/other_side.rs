//! A channel in a few lines: it shows one calendar, and keeps how it was asked for it.

use chrono::NaiveDate;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, Default)]
struct Answer {
    status: u16,
    /// Each ends with CRLF.
    headers: String,
    body: String,
}

pub struct OtherSide {
    pub address: String,
    answer: Arc<Mutex<Answer>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl OtherSide {
    /// Open every night.
    pub async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let side = Self {
            address: listener.local_addr().unwrap().to_string(),
            answer: Arc::default(),
            asked: Arc::default(),
        };
        side.shows(&[]);
        let (answer, asked) = (side.answer.clone(), side.asked.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serve(stream, &answer, &asked).await;
            }
        });
        side
    }

    pub fn url(&self) -> String {
        format!("http://{}/calendar/1.ics?s=secret", self.address)
    }

    pub fn says(&self, status: u16, headers: &str, body: &str) {
        *self.answer.lock().unwrap() = Answer {
            status,
            headers: headers.to_owned(),
            body: body.to_owned(),
        };
    }

    /// Events by UID, first night and day of departure.
    pub fn shows(&self, events: &[(&str, NaiveDate, NaiveDate)]) {
        self.says(200, "", &calendar(events));
    }

    /// The head of the last request.
    pub fn asked(&self) -> String {
        self.asked.lock().unwrap().last().cloned().unwrap_or_default()
    }

    pub fn times_asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

pub fn calendar(events: &[(&str, NaiveDate, NaiveDate)]) -> String {
    let mut text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n".to_owned();
    for (uid, from, to) in events {
        let (from, to) = (from.format("%Y%m%d"), to.format("%Y%m%d"));
        text += &format!(
            "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTART;VALUE=DATE:{from}\r\nDTEND;VALUE=DATE:{to}\r\n\
             DESCRIPTION:Reservation URL: https://www.airbnb.com/hosting/reservations/details/HMABCDEF12\r\nEND:VEVENT\r\n"
        );
    }
    text + "END:VCALENDAR\r\n"
}

async fn serve(mut stream: TcpStream, answer: &Mutex<Answer>, asked: &Mutex<Vec<String>>) {
    let (mut head, mut buffer) = (Vec::new(), [0; 4096]);
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut buffer).await {
            Ok(count) if count > 0 => head.extend_from_slice(&buffer[..count]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    asked.lock().unwrap().push(head);
    let Answer {
        status,
        headers,
        body,
    } = answer.lock().unwrap().clone();
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    );
    // Who asks may have gone.
    let _ = stream.write_all(text.as_bytes()).await;
}
