//! Compiles the C shim with the defines of the installed xmlsec1, which decide the layout of its structs.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=src/shim.c");
    let xmlsec = pkg_config::Config::new().cargo_metadata(false).probe("xmlsec1-openssl")?;
    let mut build = cc::Build::new();
    build.file("src/shim.c").warnings(true);
    for path in &xmlsec.include_paths {
        build.include(path);
    }
    for (name, value) in &xmlsec.defines {
        build.define(name, value.as_deref());
    }
    build.compile("nir_wsdl_shim");
    // The shim's symbols come before the libraries that satisfy them.
    for path in &xmlsec.link_paths {
        println!("cargo:rustc-link-search=native={}", path.display());
    }
    for library in &xmlsec.libs {
        println!("cargo:rustc-link-lib={library}");
    }
    Ok(())
}
