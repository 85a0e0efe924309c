//! Which fields a value writes or could write, by path: a serde serializer that keeps only names.

use std::collections::BTreeMap;
use std::fmt::Display;

use serde::ser::{Error as _, Impossible, SerializeSeq, SerializeStruct};
use serde::{Serialize, Serializer};

/// Names of the fields of each struct, by its path.
pub type Fields = BTreeMap<Vec<String>, Vec<String>>;

/// Reads the fields of a value and of everything in it, also of those that it leaves out because they are empty.
pub fn fields<T: Serialize>(value: &T) -> Fields {
    let mut out = Fields::new();
    value.serialize(Recorder { path: Vec::new(), out: &mut out }).unwrap();
    out
}

struct Recorder<'a> {
    path: Vec<String>,
    out: &'a mut Fields,
}

impl SerializeStruct for Recorder<'_> {
    type Ok = ();
    type Error = std::fmt::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Self::Error> {
        self.skip_field(key)?;
        let path = self.path.iter().cloned().chain([key.to_owned()]).collect();
        value.serialize(Recorder { path, out: self.out })
    }

    fn skip_field(&mut self, key: &'static str) -> Result<(), Self::Error> {
        let fields = self.out.entry(self.path.clone()).or_default();
        if !fields.iter().any(|field| field == key) {
            fields.push(key.to_owned());
        }
        Ok(())
    }

    fn end(self) -> Result<(), Self::Error> {
        Ok(())
    }
}

impl SerializeSeq for Recorder<'_> {
    type Ok = ();
    type Error = std::fmt::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Self::Error> {
        value.serialize(Recorder { path: self.path.clone(), out: self.out })
    }

    fn end(self) -> Result<(), Self::Error> {
        Ok(())
    }
}

macro_rules! leaves {
    ($($method:ident($value:ty)),* $(,)?) => {
        $(fn $method(self, _: $value) -> Result<(), Self::Error> { Ok(()) })*
    };
}

impl Serializer for Recorder<'_> {
    type Ok = ();
    type Error = std::fmt::Error;
    type SerializeSeq = Self;
    type SerializeStruct = Self;
    type SerializeTuple = Impossible<(), Self::Error>;
    type SerializeTupleStruct = Impossible<(), Self::Error>;
    type SerializeTupleVariant = Impossible<(), Self::Error>;
    type SerializeMap = Impossible<(), Self::Error>;
    type SerializeStructVariant = Impossible<(), Self::Error>;

    leaves!(
        serialize_bool(bool),
        serialize_i8(i8),
        serialize_i16(i16),
        serialize_i32(i32),
        serialize_i64(i64),
        serialize_u8(u8),
        serialize_u16(u16),
        serialize_u32(u32),
        serialize_u64(u64),
        serialize_f32(f32),
        serialize_f64(f64),
        serialize_char(char),
        serialize_str(&str),
        serialize_bytes(&[u8]),
        serialize_unit_struct(&'static str),
    );

    fn collect_str<T: Display + ?Sized>(self, _: &T) -> Result<(), Self::Error> {
        Ok(())
    }
    fn serialize_none(self) -> Result<(), Self::Error> {
        Ok(())
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Self::Error> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Self::Error> {
        Ok(())
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Self::Error> {
        Ok(self)
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Self::Error> {
        self.out.entry(self.path.clone()).or_default();
        Ok(self)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Self::Error> {
        Err(no_such_shape())
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Self::Error> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Self::Error> {
        Err(no_such_shape())
    }
    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Self::Error> {
        Err(no_such_shape())
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Self::Error> {
        Err(no_such_shape())
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Self::Error> {
        Err(no_such_shape())
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Self::Error> {
        Err(no_such_shape())
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Self::Error> {
        Err(no_such_shape())
    }
}

fn no_such_shape() -> std::fmt::Error {
    std::fmt::Error::custom("the messages are made of structs, sequences and scalars alone")
}
