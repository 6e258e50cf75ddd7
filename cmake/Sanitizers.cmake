# SPDX-License-Identifier: MIT
if(KICKDRUM_SANITIZE)
  add_compile_options(-fsanitize=${KICKDRUM_SANITIZE} -fno-omit-frame-pointer -g1)
  add_link_options(-fsanitize=${KICKDRUM_SANITIZE})
  if(KICKDRUM_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
endif()
