# SPDX-License-Identifier: MIT
if(KICKDRUM_SANITIZE)
  # With a sanitizer's checks in between, GCC 12 takes variables for uninitialised (in its own <regex>, for one).
  add_compile_options(-fsanitize=${KICKDRUM_SANITIZE} -fno-omit-frame-pointer -g1 -Wno-maybe-uninitialized)
  add_link_options(-fsanitize=${KICKDRUM_SANITIZE})
  if(KICKDRUM_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
