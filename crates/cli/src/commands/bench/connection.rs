use std::net::SocketAddr;

use anyhow::{Context, Result};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// One kept connection of HTTP/1.1 to a server of this program. It asks for no compression, so every
/// answer says how long it is.
pub(super) struct Connection {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
    token: String,
}

impl Connection {
    pub(super) async fn open(address: SocketAddr, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            address,
            token: token.to_owned(),
        })
    }

    /// Sends a request with a JSON body, which may be empty, and returns the status of the answer once
    /// all of it is there.
    pub(super) async fn send(&mut self, method: &str, path: &str, body: &str) -> Result<u16> {
        let request = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            self.token,
            body.len(),
        );
        self.stream.write_all(request.as_bytes()).await?;
        let mut line = String::new();
        let mut status = None;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line).await?;
            let text = line.trim_end();
            if text.is_empty() {
                break;
            }
            if status.is_none() {
                status = text.split(' ').nth(1).and_then(|code| code.parse().ok());
            } else if let Some((name, value)) = text.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).await?;
        status.context("the server closed the connection")
    }
}
