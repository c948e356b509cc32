#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writes all of a text to a file descriptor, unbuffered: libedit and the debugger share the
/// terminal, and what each writes must appear in the order in which it was written.
///
/// - Returns: 0, or the error number of what ended the writing.
func emit(_ text: String, to descriptor: Int32) -> Int32 {
  var text = text
  return text.withUTF8 { bytes in
    var rest = UnsafeRawBufferPointer(bytes)
    while let start = rest.baseAddress, !rest.isEmpty {
      let count = write(descriptor, start, rest.count)
      if count > 0 {
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
      } else if count < 0 && errno == EINTR {
        continue
      } else {
        return errno
      }
    }
    return 0
  }
}

/// What the system says about an error number.
func systemMessage(_ number: Int32) -> String {
  String(cString: strerror(number))
}

/// Whether a file descriptor is a terminal.
func isTerminal(_ descriptor: Int32) -> Bool {
  isatty(descriptor) == 1
}

/// The value of an environment variable, or `nil` when it is unset or empty.
func environment(_ name: String) -> String? {
  guard let value = getenv(name), value.pointee != 0 else { return nil }
  return String(cString: value)
}
