// SPDX-License-Identifier: MIT
// Kernels stand in anonymous namespaces, and so in the table of symbols (.symtab) alone, which no function of
// the system reads: the program's own file is read here.
#include "tests/support/cuda_emulation/runtime/symbols.h"

#include <cxxabi.h>
#include <elf.h>
#include <link.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <vector>

namespace kickdrum::emulation {
namespace {

template <class T>
T read(const std::vector<char>& file, std::size_t offset) {
    T value{};
    if (offset + sizeof value <= file.size()) std::memcpy(&value, file.data() + offset, sizeof value);
    return value;
}

// Mangled names of functions by their addresses in the file.
std::map<std::uintptr_t, std::string> functions_of_this_program() {
    std::ifstream stream("/proc/self/exe", std::ios::binary);
    const std::vector<char> file((std::istreambuf_iterator<char>(stream)), {});
    std::map<std::uintptr_t, std::string> functions;
    const auto header = read<ElfW(Ehdr)>(file, 0);
    const auto section = [&](std::size_t number) {
        return read<ElfW(Shdr)>(file, header.e_shoff + number * header.e_shentsize);
    };
    for (std::size_t i = 0; i < header.e_shnum; ++i) {
        const auto table = section(i);
        if (table.sh_type != SHT_SYMTAB) continue;
        const auto names = section(table.sh_link);
        for (std::size_t at = 0; at + sizeof(ElfW(Sym)) <= table.sh_size; at += sizeof(ElfW(Sym))) {
            const auto symbol = read<ElfW(Sym)>(file, table.sh_offset + at);
            const std::size_t name = names.sh_offset + symbol.st_name;
            if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || name >= file.size()) continue;
            functions[symbol.st_value] = file.data() + name;
        }
    }
    return functions;
}

// Where the program lies in memory: the first object of the list is the program itself.
std::uintptr_t base_address() {
    std::uintptr_t base = 0;
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* data) {
            *static_cast<std::uintptr_t*>(data) = info->dlpi_addr;
            return 1;
        },
        &base);
    return base;
}

std::string demangled(const std::string& mangled) {
    int status = 0;
    char* const text = abi::__cxa_demangle(mangled.c_str(), nullptr, nullptr, &status);
    std::string name = status == 0 ? text : mangled;
    std::free(text);
    return name;
}

// "void a::(anonymous namespace)::f<T, 8>(int)" -> "f"
std::string bare(std::string name) {
    const std::string anonymous = "(anonymous namespace)::";
    if (const auto at = name.find(anonymous); at != std::string::npos) name.erase(0, at + anonymous.size());
    name.erase(std::min(name.find_first_of("<("), name.size()));
    const auto begin = name.find_last_of(" :");
    return begin == std::string::npos ? name : name.substr(begin + 1);
}

}  // namespace

std::string function_name(const void* function) {
    static const std::map<std::uintptr_t, std::string> functions = functions_of_this_program();
    const auto found = functions.find(reinterpret_cast<std::uintptr_t>(function) - base_address());
    return found == functions.end() ? std::string() : bare(demangled(found->second));
}

}  // namespace kickdrum::emulation
