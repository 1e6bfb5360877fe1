using Sidestep.Agent.Persistence;

namespace Sidestep.UnitTests.Agent.Persistence;

public sealed class HostFilesTests : IDisposable
{
    private readonly TempFolder _root = new();

    private HostFiles Files => new(_root.Path);

    [Fact]
    public void Names_are_those_of_the_host()
    {
        _root.Put("etc/b.conf", "b");
        _root.Put("etc/a.conf", "a");
        _root.Put("etc/c.txt", "c");
        Assert.Equal(["/etc/a.conf", "/etc/b.conf"], Files.List("/etc", "*.conf"));
        Assert.Equal("b", Files.Read("/etc/b.conf"));
        Assert.Equal("/etc/passwd", new HostFiles("/").Path("/etc/passwd"));
    }

    [Fact]
    public void Files_and_directories_exist() =>
        Assert.Equal((true, true, false),
            (Put("etc/a").Exists("/etc/a"), Files.Exists("/etc"), Files.Exists("/etc/b")));

    [Fact]
    public void A_file_that_is_missing_a_directory_or_too_large_has_no_text()
    {
        _root.Put("large", new string('x', (1 << 20) + 1));
        _root.Put("limit", new string('x', 1 << 20));
        Assert.Null(Files.Read("/none"));
        Assert.Null(Put("etc/a").Read("/etc"));
        Assert.Null(Files.Read("/large"));
        Assert.Equal(1 << 20, Files.Read("/limit")!.Length);
        Assert.Empty(Files.List("/none", "*"));
    }

    [Fact]
    public void At_most_512_files_are_listed()
    {
        for (var i = 0; i < 514; i++)
            _root.Put($"d/{i:000}");
        var listed = Files.List("/d", "*");
        Assert.Equal((512, "/d/000", "/d/511"), (listed.Count, listed[0], listed[^1]));
    }

    [Fact]
    public void Writing_replaces_a_file_and_sets_its_mode()
    {
        _root.Put("etc/a", "a much longer old text");
        Files.Write("/etc/a", "new", PlannedFile.Secret);
        Assert.Equal(("new", PlannedFile.Secret), (_root.Read("etc/a"), File.GetUnixFileMode(_root.PathOf("etc/a"))));
        Assert.Equal(["etc/a"], _root.Files);
    }

    public void Dispose() => _root.Dispose();

    private HostFiles Put(string name)
    {
        _root.Put(name);
        return Files;
    }
}
