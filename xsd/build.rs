//! Compiles the C shim against the system's libxml2, whose headers decide the layout of its structs.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=src/shim.c");
    let libxml = pkg_config::Config::new().probe("libxml-2.0")?;
    let mut build = cc::Build::new();
    build.file("src/shim.c").warnings(true).extra_warnings(true);
    for path in &libxml.include_paths {
        build.include(path);
    }
    for (name, value) in &libxml.defines {
        build.define(name, value.as_deref());
    }
    build.compile("nir_xsd_shim");
    // The shim's symbols come before the library that satisfies them.
    println!("cargo:rustc-link-lib=xml2");
    Ok(())
}
