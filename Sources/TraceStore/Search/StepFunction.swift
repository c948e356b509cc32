import Events
import GRDBSQLite

extension QuerySession {
  /// Makes ``StepLookups`` known to SQL: as `_peak`, `_append`, `_kv_bytes`, `_pass`,
  /// `_token_position` and so on, each of a step; as `_mem_live`, `_mem_weights` and so on, each of
  /// a row of `_memory`; as `_tile_bytes` and so on, each of a row of `_tile`, and `_product_tile`,
  /// of a row of `_matmul`; as `_weights_rows` and so on, each of a row of `weight_tile`.
  func registerStepLookups() {
    let lookups = StepLookups(handle)
    self.lookups = lookups
    func register(_ name: String, _ value: StepFunction.Value) {
      self.register(StepFunction(name, lookups, value))
    }
    register("_peak", .peak)
    register("_append", .append)
    register("_kv_bytes", .cacheBytes)
    register("_pass", .pass)
    for (index, field) in TraceObject.token.fields.enumerated() {
      register("_token_\(field.name)", .token(field: index))
    }
    register("_product_tile", .productTile)
    register("_tile_id", .tile)
    register("_tile_weight_tile", .weightTile)
    register("_tile_bytes", .tileBytes)
    register("_tile_in_buffer", .tileInBuffer)
    register("_weights_name", .weightsName)
    register("_weights_first_row", .weightsFirstRow)
    register("_weights_rows", .weightsRows)
    register("_weights_packed_bytes", .weightsPackedBytes)
    register("_mem_live", .live)
    for category in MemoryCategory.allCases {
      register("_mem_\(category.name)", .bytes(category))
    }
  }

  private func register(_ function: StepFunction) {
    sqlite3_create_function_v2(
      handle, function.name, 1, SQLITE_UTF8 | SQLITE_DIRECTONLY,
      Unmanaged.passRetained(function).toOpaque(),
      { context, _, values in
        guard let data = sqlite3_user_data(context), sqlite3_value_type(values?[0]) != SQLITE_NULL
        else { return }
        Unmanaged<StepFunction>.fromOpaque(data)._withUnsafeGuaranteedRef {
          $0.call(context, Int(sqlite3_value_int64(values?[0])))
        }
      }, nil, nil,
      { data in
        guard let data else { return }
        Unmanaged<StepFunction>.fromOpaque(data).release()
      })
  }
}

/// A function of a step or of a row of `_memory`, `_tile` or `weight_tile`, as a connection holds
/// it, called for every row of a search.
private final class StepFunction {
  enum Value {
    case peak, append, cacheBytes, pass, live
    case bytes(MemoryCategory)
    case token(field: Int)
    case productTile, tile, weightTile, tileBytes, tileInBuffer
    case weightsName, weightsFirstRow, weightsRows, weightsPackedBytes
  }

  let name: String
  private let lookups: StepLookups
  private let value: Value

  init(_ name: String, _ lookups: StepLookups, _ value: Value) {
    (self.name, self.lookups, self.value) = (name, lookups, value)
  }

  func call(_ context: OpaquePointer?, _ id: Int) {
    do {
      let number: Int?
      switch value {
      case .peak: number = try lookups.peak(at: id)
      case .append: number = try lookups.append(at: id)
      case .cacheBytes: number = try lookups.cacheBytes(at: id)
      case .pass: number = try lookups.pass(at: id)
      case .live: number = try lookups.use(inState: id)?.total
      case .bytes(let category): number = try lookups.use(inState: id)?[category]
      case .productTile: number = try lookups.nearTiles.tile(ofProduct: id)
      case .tile: number = try lookups.nearTiles.tile(id)?.id
      case .weightTile: number = try lookups.nearTiles.tile(id)?.weightTile
      case .tileBytes: number = try lookups.nearTiles.tile(id)?.bytes
      case .tileInBuffer: number = try lookups.nearTiles.tile(id)?.inBuffer
      case .weightsFirstRow: number = try lookups.weightTiles.tile(id)?.firstRow
      case .weightsRows: number = try lookups.weightTiles.tile(id)?.rows
      case .weightsPackedBytes: number = try lookups.weightTiles.tile(id)?.packedBytes
      case .weightsName:
        let tile = try lookups.weightTiles.tile(id)
        return sqlite3_result_text(context, tile?.name, tile?.nameLength ?? 0, nil)
      case .token(let field):
        guard let value = try lookups.token(at: id, field: field) else { return }
        return sqlite3_result_value(context, value)
      }
      if let number {
        sqlite3_result_int64(context, Int64(number))
      } else {
        sqlite3_result_null(context)
      }
    } catch {
      // What is asked is our own: where it makes no sense, the trace is not what it should be.
      sqlite3_result_error(context, error.message, -1)
      let isOurs = error.code & 0xFF == SQLITE_ERROR
      sqlite3_result_error_code(context, isOurs ? SQLITE_CORRUPT : error.code)
    }
  }
}
