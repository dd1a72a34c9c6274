-- Each connection is a visitor who pauses between two pages: without pauses wrk would take the whole processor itself.
function delay()
  return 8
end
