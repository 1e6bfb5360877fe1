using System.Text;
using Sidestep.Model;

namespace Sidestep.UnitTests.Model;

public sealed class AtomicFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sidestep-").FullName;

    private string FilePath => Path.Combine(_folder, "a", "b", "file");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void File_is_written_with_its_folders_and_without_a_temporary_file()
    {
        AtomicFile.Write(FilePath, "one"u8.ToArray());
        AtomicFile.Write(FilePath, static s => s.Write("two"u8));
        Assert.Equal("two", File.ReadAllText(FilePath));
        Assert.Equal([FilePath], Directory.GetFiles(Path.GetDirectoryName(FilePath)!));
    }

    [Fact]
    public void Failed_write_keeps_the_old_content()
    {
        AtomicFile.Write(FilePath, "one"u8.ToArray());
        Assert.Throws<InvalidOperationException>(() => AtomicFile.Write(FilePath, static s =>
        {
            s.Write("tw"u8);
            throw new InvalidOperationException("killed");
        }));
        Assert.Equal("one", File.ReadAllText(FilePath));
    }

    [Fact]
    public void Permissions_are_those_that_are_requested()
    {
        if (OperatingSystem.IsWindows())
            return;
        const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        AtomicFile.Write(FilePath, "secret"u8.ToArray(), Mode);
        Assert.Equal(Mode, File.GetUnixFileMode(FilePath));
    }

    [Fact]
    public void Reader_of_the_old_file_keeps_its_content()
    {
        AtomicFile.Write(FilePath, "one"u8.ToArray());
        using var reader = File.OpenText(FilePath);
        AtomicFile.Write(FilePath, static s => s.Write("two"u8), isDurable: true);
        Assert.Equal("one", reader.ReadToEnd());
    }

    [Fact]
    public void Delete_removes_the_remains_of_a_killed_writer()
    {
        AtomicFile.Write(FilePath, Encoding.UTF8.GetBytes("one"));
        File.WriteAllText(FilePath + ".new", "tw");
        AtomicFile.Delete(FilePath);
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(FilePath)!));
        AtomicFile.Delete(FilePath);
    }
}
