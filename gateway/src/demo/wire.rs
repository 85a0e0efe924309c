//! One HTTP request over one connection: all that the demonstration and the sandbox's own command need.

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

/// No answer of the gateway is longer.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Sends the request and reads the whole answer.
pub async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> anyhow::Result<(StatusCode, Bytes)>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let response = sender.send_request(request).await;
    let answer = match response {
        Ok(response) => {
            let status = response.status();
            let body = Limited::new(response.into_body(), MOST_BYTES).collect().await;
            body.map(|body| (status, body.to_bytes())).map_err(|error| anyhow::anyhow!(error))
        }
        Err(error) => Err(error.into()),
    };
    driver.abort();
    answer
}
