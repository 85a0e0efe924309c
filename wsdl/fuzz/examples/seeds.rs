//! Makes the seeds of this folder anew: `cargo run --manifest-path wsdl/fuzz/Cargo.toml --example seeds`. The keys are
//! new ones and are thrown away; what is committed holds certificates and signed messages alone. The seeds of `c14n`
//! are written by hand, and the vectors of `wsdl/vectors` are seeds of `open_verify` as they are.

use std::path::Path;

use nir_wsdl_fuzz::authority::Authority;
use nir_wsdl_fuzz::holes::emptied;
use nir_wsdl_fuzz::world;
use nir_xsd::outline::Outline;

fn main() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let write = |name: String, bytes: &[u8]| {
        let path = folder.join(&name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, bytes).expect("room for a file");
        println!("{name}: {} bytes", bytes.len());
    };
    let (signer, certificate) = world::identity();
    let pem = pem_of(certificate.der());
    write("certificates/sealed.pem".to_owned(), pem.as_bytes());
    for (n, text) in world::sealed(&signer).iter().enumerate() {
        write(format!("seeds/open_verify/sealed-{n}.xml"), text.as_bytes());
    }
    for (n, signed) in world::signed().iter().enumerate() {
        write(format!("seeds/sign_verify/{n}.xml"), emptied(&signed.text).as_bytes());
    }
    let authority = Authority::new();
    write("certificates/ca.pem".to_owned(), authority.pem.as_bytes());
    write("certificates/sender.der".to_owned(), &authority.sender);
    write("certificates/list.crl".to_owned(), &authority.list);
    let pem = pem_of(&authority.sender);
    let name = "CN=TEST CA, O=\"A, B\"+OU=\\2c\\C3\\98;2.5.4.97=#1303414243";
    for (name, bytes) in [
        ("ca.pem", authority.pem.as_bytes()),
        ("sender.der", &authority.sender),
        ("sender.pem", pem.as_bytes()),
        ("revoked.der", &authority.revoked),
        ("list.crl", &authority.list),
        ("name.txt", name.as_bytes()),
    ] {
        write(format!("seeds/certificate/{name}"), bytes);
    }
    // Rows of decisions: the first bytes choose what is bent or built and how, the others are long enough for more.
    for (target, modes, kinds, length) in [
        ("wrapping", 2, world::signed().len(), 24),
        ("der", 2, 4, 24),
        ("instance", 1, Outline::published().roots().count(), 200),
    ] {
        for (mode, kind) in (0..modes).flat_map(|mode| (0..kinds).map(move |kind| (mode, kind))) {
            let first = if modes == 1 { vec![byte(kind)] } else { vec![byte(mode), byte(kind)] };
            write(format!("seeds/{target}/{mode}-{kind}"), &[first, row(kind * 2 + mode + 1, length)].concat());
        }
    }
}

fn byte(number: usize) -> u8 {
    u8::try_from(number).expect("few")
}

/// Bytes that look like chance and are always the same.
fn row(seed: usize, length: usize) -> Vec<u8> {
    let mut state = u32::from(byte(seed));
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..length).map(next).collect()
}

fn pem_of(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
