import Basics

extension ExportOutput {
  /// Adds a string of JSON. Bytes that are no UTF-8 become U+FFFD.
  func write(json text: String) {
    if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }) {
      write("\"")
      write(text)
      write("\"")
    } else {
      write(jsonString(text))
    }
  }

  /// Adds a number of JSON, exactly; NULL for what JSON has no number for.
  func write(json number: Double) {
    if number.isFinite { write("\(number)") } else { write("null") }
  }
}
