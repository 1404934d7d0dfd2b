//! Executables as tests need them: with sections, symbols and resources, and nothing that would run.

/// Where the first section of [`elf`] begins.
pub const FIRST_SECTION: u64 = 128;

/// An ELF file of 64 bits with these sections, one behind the other, the first at [`FIRST_SECTION`]. It is loaded at the
/// address 0, so that addresses are offsets.
pub fn elf(sections: &[(&str, &[u8])]) -> Vec<u8> {
    let mut content = Vec::new();
    let mut names = vec![0];
    let mut headers = Vec::new();
    let names_section = [(".shstrtab", &[][..])];
    let all = sections.iter().chain(&names_section);
    for (name, bytes) in all {
        headers.push((
            names.len() as u64,
            FIRST_SECTION.wrapping_add(content.len() as u64),
            bytes.len() as u64,
        ));
        names.extend(name.bytes().chain([0]));
        content.extend_from_slice(bytes);
        content.resize(content.len().next_multiple_of(8), 0);
    }
    if let Some(last) = headers.last_mut() {
        last.2 = names.len() as u64;
    }
    content.extend(names);
    content.resize(content.len().next_multiple_of(8), 0);
    let table = FIRST_SECTION.wrapping_add(content.len() as u64);
    let count = u16::try_from(headers.len()).unwrap_or(u16::MAX).to_le_bytes();
    let names_at = u16::try_from(sections.len()).unwrap_or(u16::MAX).to_le_bytes();
    let mut file = b"\x7fELF\x02\x01\x01".to_vec();
    file.resize(32, 0);
    file.extend(64_u64.to_le_bytes());
    file.extend(table.to_le_bytes());
    file.extend([0; 4]);
    file.extend([64, 0, 56, 0, 1, 0, 64, 0]);
    file.extend(count.into_iter().chain(names_at));
    // One segment that loads everything.
    file.extend([1, 0, 0, 0, 6, 0, 0, 0]);
    for number in [0, 0, 0, table, table, 16] {
        file.extend(number.to_le_bytes());
    }
    file.resize(128, 0);
    file.extend(content);
    for (name, offset, size) in headers {
        file.extend(u32::try_from(name).unwrap_or(u32::MAX).to_le_bytes());
        file.extend([1, 0, 0, 0]);
        file.extend([0; 16]);
        file.extend(offset.to_le_bytes().into_iter().chain(size.to_le_bytes()));
        file.extend([0; 24]);
    }
    file
}

/// A note of an ELF file.
pub fn note(owner: &str, kind: u32, content: &[u8]) -> Vec<u8> {
    let length = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
    let owner: Vec<u8> = owner.bytes().chain([0]).collect();
    let mut note = [length(owner.len()), length(content.len()), kind.to_le_bytes()].concat();
    note.extend(owner);
    note.resize(note.len().next_multiple_of(4), 0);
    note.extend(content);
    note.resize(note.len().next_multiple_of(4), 0);
    note
}

/// A program of `GraalVM` whose bill of materials, compressed, is this: the symbols that lead to it, and their names.
pub fn native_image(bill: &[u8]) -> Vec<u8> {
    let names = b"\0sbom_length\0sbom\0";
    let mut data = (bill.len() as u64).to_le_bytes().to_vec();
    data.extend(bill);
    let symbol = |name: u32, address: u64| {
        let mut symbol = name.to_le_bytes().to_vec();
        symbol.extend([0x11, 0, 1, 0]);
        symbol.extend(address.to_le_bytes());
        symbol.extend([0; 8]);
        symbol
    };
    let symbols =
        [symbol(0, 0), symbol(13, FIRST_SECTION.wrapping_add(8)), symbol(1, FIRST_SECTION)].concat();
    elf(&[(".data", &data), (".dynstr", names), (".dynsym", &symbols)])
}

/// A portable executable of 64 bits whose version resource has these texts.
pub fn portable_executable(texts: &[(&str, &str)]) -> Vec<u8> {
    const RESOURCES: u32 = 0x200;
    let strings: Vec<u8> = texts.iter().flat_map(|(key, value)| resource(key, &wide(value), &[])).collect();
    let table = resource("040904b0", &[], &strings);
    let version = resource("VS_VERSION_INFO", &[0xbd; 52], &resource("StringFileInfo", &[], &table));
    let mut file = b"MZ".to_vec();
    file.resize(60, 0);
    file.extend(64_u32.to_le_bytes());
    file.extend(b"PE\0\0\x64\x86\x01\0");
    file.extend([0; 12]);
    // 112 bytes of the optional header, and 16 directories.
    file.extend([240, 0, 0, 0, 0x0b, 0x02]);
    file.resize(64 + 24 + 112 + 16, 0);
    file.extend(RESOURCES.to_le_bytes().into_iter().chain(0x1000_u32.to_le_bytes()));
    file.resize(64 + 24 + 240, 0);
    file.extend(b".rsrc\0\0\0");
    for number in [0x1000, RESOURCES, 0x1000, RESOURCES] {
        file.extend(number.to_le_bytes());
    }
    file.resize(RESOURCES as usize, 0);
    let directory = |id: u32, leads_to: u32| {
        let mut directory = vec![0; 14];
        directory.extend([1, 0]);
        directory.extend(id.to_le_bytes().into_iter().chain(leads_to.to_le_bytes()));
        directory
    };
    file.extend([directory(16, 0x8000_0018), directory(1, 0x8000_0030), directory(0x409, 0x48)].concat());
    let size = u32::try_from(version.len()).unwrap_or(u32::MAX);
    file.extend((RESOURCES.wrapping_add(0x58)).to_le_bytes().into_iter().chain(size.to_le_bytes()));
    file.extend([0; 8]);
    file.extend(version);
    file.resize(file.len().max(0x1200), 0);
    file
}

/// Text of two bytes for each sign, with its NUL.
fn wide(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// A node of a version resource.
fn resource(key: &str, value: &[u8], children: &[u8]) -> Vec<u8> {
    let mut rest = wide(key);
    rest.resize(rest.len().wrapping_add(6).next_multiple_of(4).wrapping_sub(6), 0);
    rest.extend(value);
    if !children.is_empty() {
        rest.resize(rest.len().wrapping_add(6).next_multiple_of(4).wrapping_sub(6), 0);
        rest.extend(children);
    }
    let short = |number: usize| u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes();
    let mut node = [short(rest.len().wrapping_add(6)), short(value.len()), [0, 0]].concat();
    node.extend(rest);
    node.resize(node.len().next_multiple_of(4), 0);
    node
}
