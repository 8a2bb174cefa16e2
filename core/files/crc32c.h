// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78): checksums of checkpoints and TensorBoard
// records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace denovo {

/// The checksum of `size` bytes, continuing from the checksum `crc` of the bytes before them.
/// crc32c("123456789") = 0xe3069283.
uint32_t crc32c(const void* data, size_t size, uint32_t crc = 0);

/// The checksum of a whole file. Throws IoError when it cannot be read.
uint32_t crc32c_of_file(const std::string& path);

}  // namespace denovo
