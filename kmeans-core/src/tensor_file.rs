//! Where the tensors of a safetensors file are.
//!
//! The bytes depend on the content alone: the format's own crate writes metadata in the order of a hash map.

use safetensors::tensor::Dtype;
use serde_json::{Map, Value, json};

/// Tensors begin at multiples of it: a cache line.
const ALIGNMENT: usize = 64;
/// Bytes of the length of the header.
const LENGTH: usize = 8;

/// The header of a file of tensors that follow each other in the order given, and where each begins.
#[derive(Clone, Debug)]
pub struct TensorLayout {
    head: Vec<u8>,
    starts: Vec<u64>,
    end: u64,
}

impl TensorLayout {
    /// The layout of tensors by name, type and shape, with `metadata` in its order. The first begins at a multiple of 64
    /// bytes.
    pub fn new(metadata: &[(&str, &str)], tensors: &[(&str, Dtype, Vec<usize>)]) -> Self {
        let mut fields = Map::new();
        let metadata: Map<String, Value> =
            metadata.iter().map(|&(key, value)| (key.to_owned(), value.into())).collect();
        fields.insert("__metadata__".to_owned(), metadata.into());
        let (mut offsets, mut end) = (Vec::with_capacity(tensors.len()), 0_u64);
        for (name, dtype, shape) in tensors {
            let start = end;
            end += shape.iter().product::<usize>() as u64 * dtype.bitsize() as u64 / 8;
            offsets.push(start);
            let tensor = json!({"dtype": dtype, "shape": shape, "data_offsets": [start, end]});
            fields.insert((*name).to_owned(), tensor);
        }
        let mut header = Value::from(fields).to_string().into_bytes();
        header.resize((LENGTH + header.len()).next_multiple_of(ALIGNMENT) - LENGTH, b' ');
        let mut head = (header.len() as u64).to_le_bytes().to_vec();
        head.extend(header);
        let begin = head.len() as u64;
        Self { starts: offsets.iter().map(|offset| begin + offset).collect(), end: begin + end, head }
    }

    /// The bytes before the first tensor.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Where tensor number `tensor` begins in the file.
    ///
    /// # Panics
    /// If there is no such tensor.
    pub fn start(&self, tensor: usize) -> u64 {
        self.starts[tensor]
    }

    /// The length of the file.
    pub fn end(&self) -> u64 {
        self.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::tensor::SafeTensors;

    #[test]
    fn a_file_of_this_layout_is_read_by_the_formats_own_crate() {
        let tensors =
            [("b", Dtype::F32, vec![2, 2]), ("a", Dtype::U8, vec![3]), ("none", Dtype::U64, vec![0])];
        let layout = TensorLayout::new(&[("z", "1"), ("format", "x")], &tensors);
        assert_eq!(layout.start(0) % 64, 0);
        let mut file = layout.head().to_vec();
        file.resize(layout.end() as usize, 7);
        let read = SafeTensors::deserialize(&file).unwrap();
        assert_eq!(read.tensor("b").unwrap().shape(), [2, 2]);
        assert_eq!(read.tensor("a").unwrap().data(), [7; 3]);
        let text = String::from_utf8_lossy(layout.head());
        assert!(text.contains(r#"{"z":"1","format":"x"}"#), "{text}");
    }
}
