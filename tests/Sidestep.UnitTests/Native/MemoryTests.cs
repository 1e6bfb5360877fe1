using Sidestep.Native;

namespace Sidestep.UnitTests.Native;

/// <summary>Chunks of UMEM, and files that are mapped as memory.</summary>
public sealed class MemoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sidestep-memory-").FullName;

    private string FilePath => Path.Combine(_folder, "state");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_chunk_is_taken_once()
    {
        using var memory = new Umem(4);
        var taken = new List<ulong>();
        while (memory.TryTake(out var chunk))
            taken.Add(chunk);
        Assert.Equal([0ul, 4096ul, 8192ul, 12288ul], taken.Order());
        Assert.Equal(0, memory.Free);
        Assert.False(memory.TryTake(out _));
    }

    [Fact]
    public void Chunk_is_returned_by_the_address_of_any_of_its_bytes()
    {
        using var memory = new Umem(2);
        Assert.True(memory.TryTake(out _) && memory.TryTake(out _));
        memory.Return(4096 + 300);
        Assert.Equal(1, memory.Free);
        Assert.True(memory.TryTake(out var chunk));
        Assert.Equal(4096u, chunk);
    }

    [Fact]
    public void Chunks_do_not_overlap()
    {
        using var memory = new Umem(2);
        memory.Chunk(0).Fill(1);
        memory.Chunk(4096 + 17).Fill(2);
        Assert.Equal(4096, memory.Chunk(100).Length);
        Assert.False(memory.Chunk(0).ContainsAnyExcept((byte)1));
        Assert.False(memory.Chunk(4096).ContainsAnyExcept((byte)2));
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Chunk(8192).Length);
    }

    [Fact]
    public void Content_of_a_mapped_file_is_there_after_reopening()
    {
        using (var file = MappedFile.Create(FilePath, 5000))
        {
            Assert.False(file.GetSpan().ContainsAnyExcept((byte)0));
            file.GetSpan()[4999] = 42;
        }
        using var again = MappedFile.TryOpen(FilePath, 5000)!;
        Assert.Equal((5000, 42), (again.GetSpan().Length, again.GetSpan()[4999]));
    }

    [Theory]
    [InlineData(4999)]
    [InlineData(5001)]
    public void File_of_another_length_is_not_opened(int length)
    {
        MappedFile.Create(FilePath, 5000).Dispose();
        Assert.Null(MappedFile.TryOpen(FilePath, length));
    }

    [Fact]
    public void File_that_does_not_exist_is_not_opened() => Assert.Null(MappedFile.TryOpen(FilePath, 5000));

    [Fact]
    public void Creating_replaces_a_file_that_another_process_may_still_map()
    {
        using var previous = MappedFile.Create(FilePath, 100);
        previous.GetSpan()[0] = 1;
        using var next = MappedFile.Create(FilePath, 100);
        Assert.Equal((1, 0), (previous.GetSpan()[0], next.GetSpan()[0]));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
    }

    [Fact]
    public void Identity_of_a_file_is_that_of_its_target_and_changes_with_another_file()
    {
        File.WriteAllText(FilePath, "12345");
        var link = Path.Combine(_folder, "link");
        File.CreateSymbolicLink(link, FilePath);
        var identity = FileIdentity.Of(FilePath)!.Value;
        Assert.Equal(5u, identity.Bytes);
        Assert.Equal(identity, FileIdentity.Of(link));
        var other = Path.Combine(_folder, "other");
        File.WriteAllText(other, "12345");
        Assert.NotEqual(identity.Inode, FileIdentity.Of(other)!.Value.Inode);
        Assert.Equal(identity.Device, FileIdentity.Of(other)!.Value.Device);
    }

    [Fact]
    public void Missing_file_has_no_identity() => Assert.Null(FileIdentity.Of(FilePath));
}
