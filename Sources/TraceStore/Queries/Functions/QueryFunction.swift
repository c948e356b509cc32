import GRDBSQLite

/// A function that queries may call: its manual and what it does, in one declaration.
public struct QueryFunction: Sendable {
  public let name: String
  /// As the manual shows them: `blob, i [, dtype]`.
  public let arguments: String
  /// What it gives, its unit, and when it is NULL.
  public let help: String
  /// How many arguments it takes.
  let counts: ClosedRange<Int>
  /// Whether the same arguments always give the same.
  var isPure = true
  let body: @Sendable (FunctionCall) throws -> SQLValue

  /// All functions, in the order of the manual.
  public static let all: [QueryFunction] = sizes + vectors + distributions + weights
}

/// One call of a function.
struct FunctionCall {
  let function: QueryFunction
  let session: QuerySession
  let values: UnsafeMutablePointer<OpaquePointer?>?
  let count: Int

  /// What is wrong with an argument; ends the query with the function's name before it.
  struct Failure: Error {
    let message: String
    init(_ message: String) { self.message = message }
  }

  func isNull(_ index: Int) -> Bool { sqlite3_value_type(values?[index]) == SQLITE_NULL }

  /// An argument that has to be a whole number.
  func integer(_ index: Int, _ name: String) throws -> Int {
    guard sqlite3_value_type(values?[index]) == SQLITE_INTEGER else {
      throw Failure("\(name) has to be a whole number, not \(kind(index))")
    }
    return Int(sqlite3_value_int64(values?[index]))
  }

  /// An argument that has to be a number.
  func number(_ index: Int, _ name: String) throws -> Double {
    guard [SQLITE_INTEGER, SQLITE_FLOAT].contains(sqlite3_value_type(values?[index])) else {
      throw Failure("\(name) has to be a number, not \(kind(index))")
    }
    return sqlite3_value_double(values?[index])
  }

  func text(_ index: Int, _ name: String) throws -> String {
    guard sqlite3_value_type(values?[index]) == SQLITE_TEXT,
      let text = sqlite3_value_text(values?[index])
    else { throw Failure("\(name) has to be a text, not \(kind(index))") }
    return String(cString: text)
  }

  /// The bytes of a blob, for as long as the call lasts.
  func blob(_ index: Int) throws -> UnsafeRawBufferPointer {
    guard sqlite3_value_type(values?[index]) == SQLITE_BLOB else {
      throw Failure("a vector has to be a blob, such as value.data, not \(kind(index))")
    }
    let start = sqlite3_value_blob(values?[index])
    let count = start == nil ? 0 : Int(sqlite3_value_bytes(values?[index]))
    return UnsafeRawBufferPointer(start: start, count: count)
  }

  private func kind(_ index: Int) -> String {
    switch sqlite3_value_type(values?[index]) {
    case SQLITE_NULL: "NULL"
    case SQLITE_BLOB: "a blob"
    case SQLITE_TEXT: "a text"
    case SQLITE_INTEGER: "a whole number"
    default: "a number"
    }
  }
}

extension QuerySession {
  /// Makes functions known to the connection. A wrong number of arguments is SQLite's to tell.
  /// Views that are stored in a trace may not call them, since they have to work without nibble.
  func register(_ functions: [QueryFunction]) {
    for function in functions {
      for count in function.counts {
        let box = Unmanaged.passRetained(RegisteredFunction(function, self)).toOpaque()
        sqlite3_create_function_v2(
          handle, function.name, Int32(count),
          SQLITE_UTF8 | SQLITE_DIRECTONLY | (function.isPure ? SQLITE_DETERMINISTIC : 0), box,
          { context, count, values in
            guard let data = sqlite3_user_data(context) else { return }
            Unmanaged<RegisteredFunction>.fromOpaque(data).takeUnretainedValue()
              .call(context, Int(count), values)
          }, nil, nil,
          { box in
            guard let box else { return }
            Unmanaged<RegisteredFunction>.fromOpaque(box).release()
          })
      }
    }
  }
}

/// A function as a connection holds it, which never outlives the session.
private final class RegisteredFunction {
  let function: QueryFunction
  unowned let session: QuerySession

  init(_ function: QueryFunction, _ session: QuerySession) {
    self.function = function
    self.session = session
  }

  func call(
    _ context: OpaquePointer?, _ count: Int, _ values: UnsafeMutablePointer<OpaquePointer?>?
  ) {
    let call = FunctionCall(
      function: function, session: session, values: values, count: count)
    do {
      try function.body(call).setResult(context)
    } catch let failure as FunctionCall.Failure {
      sqlite3_result_error(context, "\(function.name): \(failure.message)", -1)
    } catch {
      sqlite3_result_error(context, "\(function.name): \(error)", -1)
    }
  }
}
