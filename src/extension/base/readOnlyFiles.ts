import { Disposable, FileSystemError, type Uri } from 'vscode';

/** What a file system refuses whose documents can only be read. */
export abstract class ReadOnlyFiles {
  /** Documents change by events of their own. */
  watch(): Disposable {
    return new Disposable(() => undefined);
  }
  readDirectory(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }
  createDirectory(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }
  writeFile(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }
  delete(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }
  rename(uri: Uri): never {
    throw FileSystemError.NoPermissions(uri);
  }
}
