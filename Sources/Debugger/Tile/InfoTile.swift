import Foundation
import ModelFiles
import Recording
import TraceStore

extension DebuggerSession {
  /// Does `info tile`: the story of the tile that the cursor stands at, with its packed bytes where
  /// the model file is known and holds the tensor that the trace names.
  func infoTile() throws {
    guard let tile = try trace.tile(at: cursor.step) else {
      throw DebuggerError.nothingHere(
        what: "tile", step: cursor.step, advice: try tileAdvice)
    }
    let story = try withPackedBytes(of: tile) { packed in
      try TileStory(trace: trace, tile: tile.id, packed: packed)
    }
    output.write(story.render(style: style))
  }

  private func withPackedBytes<T>(
    of tile: TraceTile, _ body: (UnsafeRawBufferPointer?) throws -> T
  ) throws -> T {
    guard let name = modelPath ?? meta["model_file"], let path = try? ModelCatalogue.path(of: name),
      let recorded = try trace.tensor(tile.tensor)
    else { return try body(nil) }
    let file = try ModelFile(path: path)
    guard let tensor = file.tensor(named: recorded.name), tensor.rows == recorded.rows,
      tensor.cols == recorded.cols, tensor.typeName.lowercased() == recorded.type.lowercased(),
      tensor.fileOffset == recorded.fileOffset, tile.firstRow >= 0, tile.rows > 0,
      tile.firstRow + tile.rows <= tensor.rows
    else { return try body(nil) }
    return try withExtendedLifetime(file) {
      try body(file.bytes(of: tensor, rows: tile.firstRow..<tile.firstRow + tile.rows))
    }
  }
}
