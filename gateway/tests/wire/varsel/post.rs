//! A mail server as RFC 5321 wants one, on loopback, for as much as one client says to it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A mail that was taken.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    pub from: String,
    pub to: String,
    pub text: String,
}

/// The server; it ends with the test's process.
pub struct Post {
    pub port: u16,
    taken: Arc<Mutex<Vec<Mail>>>,
}

impl Post {
    /// Refuses the first `refuse` recipients with "try again".
    pub fn start(refuse: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let (into, left) = (Arc::clone(&taken), Arc::new(AtomicUsize::new(refuse)));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (into, left) = (Arc::clone(&into), Arc::clone(&left));
                std::thread::spawn(move || converse(&stream.unwrap(), &into, &left));
            }
        });
        Post { port, taken }
    }

    pub fn mails(&self) -> Vec<Mail> {
        self.taken.lock().unwrap().clone()
    }
}

fn converse(stream: &TcpStream, taken: &Mutex<Vec<Mail>>, refuse: &AtomicUsize) {
    let mut lines = BufReader::new(stream).lines();
    let mut out = stream;
    let mut say = |text: &str| out.write_all(format!("{text}\r\n").as_bytes()).is_ok();
    let mut mail = Mail::default();
    say("220 localhost");
    while let Some(Ok(line)) = lines.next() {
        let (word, rest) = line.split_at(line.len().min(4));
        let answer = match word.to_ascii_uppercase().trim() {
            "EHLO" => "250-localhost\r\n250 8BITMIME",
            "MAIL" => {
                mail = Mail { from: path(rest), ..Mail::default() };
                "250 ok"
            }
            "RCPT" if refuse.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() => {
                "451 try again"
            }
            "RCPT" => {
                mail.to += &path(rest);
                "250 ok"
            }
            "DATA" => {
                say("354 go on");
                let text = lines.by_ref().map_while(Result::ok).take_while(|line| line != ".");
                mail.text = text.map(|line| line + "\n").collect();
                taken.lock().unwrap().push(std::mem::take(&mut mail));
                "250 taken"
            }
            "RSET" | "NOOP" => "250 ok",
            "QUIT" => {
                say("221 bye");
                return;
            }
            _ => "502 unknown",
        };
        if !say(answer) {
            return;
        }
    }
}

/// `<somebody@somewhere>` of `FROM:<…> BODY=8BITMIME`.
fn path(rest: &str) -> String {
    rest.split_once(':').unwrap().1.split_whitespace().next().unwrap_or_default().to_owned()
}
