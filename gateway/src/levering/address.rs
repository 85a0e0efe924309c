//! Where a receiver is, and whether it may be called there (threats.md, class 33): https alone, and no private place
//! unless the operator allowed it. What was checked is what is connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use hyper::Uri;

use super::outcome::Why;

/// The parts of an approved address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The host, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// What the Host header says.
    pub authority: String,
    /// The path, with its query.
    pub path: String,
}

impl Target {
    /// Reads an address; what could mean two things to two readers is none.
    pub fn parse(url: &str) -> Result<Self, &'static str> {
        let plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\#\"<>".contains(&byte));
        if !plain {
            return Err("holds characters that an address has not");
        }
        let uri: Uri = url.parse().map_err(|_| "is no address")?;
        if uri.scheme_str() != Some("https") {
            return Err("must begin with https://");
        }
        let authority = uri.authority().ok_or("names no host")?;
        if authority.as_str().contains('@') {
            return Err("must name no user");
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err("names no host");
        }
        // A port that is none must not be read as the usual one.
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") => 443,
            _ => authority.port_u16().filter(|port| *port != 0).ok_or("names no port")?,
        };
        Ok(Target {
            host: host.to_owned(),
            port,
            authority: authority.as_str().to_owned(),
            path: uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
        })
    }

    /// Whether it names a place by its number, and one that is not public.
    pub fn is_private(&self) -> bool {
        self.host.parse().is_ok_and(|address| !may_be_called(address, false))
    }

    /// The addresses of its name, every one of which may be called; if one may not, none is.
    pub async fn resolve(&self, private_allowed: bool) -> Result<Vec<SocketAddr>, Why> {
        let found = tokio::net::lookup_host((self.host.as_str(), self.port)).await;
        let found: Vec<_> = found.map_err(|error| Why::NoAddress(error.kind().to_string()))?.collect();
        if found.is_empty() {
            return Err(Why::NoAddress("it has none".to_owned()));
        }
        if found.iter().all(|address| may_be_called(address.ip(), private_allowed)) {
            Ok(found)
        } else {
            Err(Why::PrivateAddress)
        }
    }
}

/// Networks that lie at no public place, and that an operator may allow (RFC 6890).
const PRIVATE_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
];
/// Networks in which nobody is (RFC 6890, RFC 5771).
const NOBODY_V4: &[(Ipv4Addr, u32)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];
/// Loopback, unique local and link-local (RFC 4291, RFC 4193).
const PRIVATE_V6: &[(Ipv6Addr, u32)] = &[
    (Ipv6Addr::LOCALHOST, 128),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10),
];
/// Of the global unicast space (2000::/3) what is not a place: protocol assignments with Teredo, documentation, 6to4.
const NOBODY_V6: &[(Ipv6Addr, u32)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];
const GLOBAL_V6: (Ipv6Addr, u32) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// Whether a gateway may connect there.
fn may_be_called(address: IpAddr, private_allowed: bool) -> bool {
    match address {
        IpAddr::V4(address) => v4(address, private_allowed),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => v4(mapped, private_allowed),
            None if PRIVATE_V6.iter().any(|net| in_v6(address, *net)) => private_allowed,
            None => in_v6(address, GLOBAL_V6) && !NOBODY_V6.iter().any(|net| in_v6(address, *net)),
        },
    }
}

fn v4(address: Ipv4Addr, private_allowed: bool) -> bool {
    let within = |nets: &[(Ipv4Addr, u32)]| nets.iter().any(|net| in_v4(address, *net));
    if within(PRIVATE_V4) { private_allowed } else { !within(NOBODY_V4) }
}

fn in_v4(address: Ipv4Addr, (net, bits): (Ipv4Addr, u32)) -> bool {
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    u32::from(address) & mask == u32::from(net) & mask
}

fn in_v6(address: Ipv6Addr, (net, bits): (Ipv6Addr, u32)) -> bool {
    let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
    u128::from(address) & mask == u128::from(net) & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_and_names_a_host_alone() {
        let good = Target::parse("https://push.example.no/nir/mottak?kommune=4204").unwrap();
        assert_eq!((good.host.as_str(), good.port), ("push.example.no", 443));
        assert_eq!(good.path, "/nir/mottak?kommune=4204");
        let good = Target::parse("https://[2a00::1]:8443").unwrap();
        assert_eq!((good.host.as_str(), good.port, good.path.as_str()), ("2a00::1", 8443, "/"));
        assert_eq!(good.authority, "[2a00::1]:8443");
        for bad in [
            "",
            "push.example.no",
            "/mottak",
            "http://push.example.no/",
            "ftp://push.example.no/",
            "file:///etc/passwd",
            "https://",
            "https:///mottak",
            "https://user@push.example.no/",
            "https://user:word@push.example.no/",
            "https://push.example.no/#part",
            "https://push.example.no/a b",
            "https://push.example.no\\@10.0.0.1/",
            "https://push.example.no/\r\nHost: x",
            "https://push.example.no:99999/",
            "https://push.example.no:0/",
            "https://push.example.no:/",
        ] {
            assert!(Target::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn only_public_places_are_called_and_private_ones_where_it_is_allowed() {
        let public = ["8.8.8.8", "193.156.0.1", "172.15.255.255", "172.32.0.0", "100.63.255.255", "2a00::1", "2606::1"];
        let private = [
            "10.0.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "fec0::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
        ];
        let nobody = [
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "203.0.113.9",
            "::",
            "::ffff:0.0.0.0",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "ff02::1",
        ];
        for (addresses, open, allowed) in
            [(&public[..], true, true), (&private[..], false, true), (&nobody[..], false, false)]
        {
            for address in addresses {
                let address: IpAddr = address.parse().unwrap();
                assert_eq!((may_be_called(address, false), may_be_called(address, true)), (open, allowed), "{address}");
            }
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_a_private_place_leads_nowhere() {
        for host in ["localhost", "127.0.0.1", "[::1]", "2130706433", "0x7f.1"] {
            let target = Target::parse(&format!("https://{host}/")).unwrap();
            let resolved = target.resolve(false).await;
            assert!(matches!(resolved, Err(Why::PrivateAddress | Why::NoAddress(_))), "{host}: {resolved:?}");
        }
        let target = Target::parse("https://localhost/").unwrap();
        assert!(target.resolve(true).await.is_ok());
    }
}
