using Sidestep.Daemon.Multicast;

namespace Sidestep.UnitTests.Daemon.Multicast;

public sealed class MulticastFileTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly List<string> _warnings = [];

    [Fact]
    public void List_is_read_back()
    {
        Assert.Empty(NewFile().Read());
        NewFile().Write(["eth0 33:33:ff:00:00:10"]);
        Assert.Equal(["eth0 33:33:ff:00:00:10"], NewFile().Read());
        NewFile().Delete();
        Assert.Empty(NewFile().Read());
        Assert.Empty(_warnings);
    }

    /// <summary>In version 0.1.0 the file was also the status of the daemon, and the key had another name.</summary>
    [Theory]
    [InlineData("""{ "processId": 7, "errors": [], "groups": [ "eth0 33:33:ff:00:00:10" ] }""")]
    [InlineData("""{ "processId": 7, "errors": [], "multicastMacs": [ "eth0 33:33:ff:00:00:10" ] }""")]
    public void List_of_an_earlier_version_is_read(string content)
    {
        File.WriteAllText(_folder.Path("d.json"), content);
        Assert.Equal(["eth0 33:33:ff:00:00:10"], NewFile().Read());
        Assert.Empty(_warnings);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{ \"multicastMacs\": [ 1 ] }")]
    [InlineData("[]")]
    public void Damaged_file_is_absent_with_a_warning(string content)
    {
        File.WriteAllText(_folder.Path("d.json"), content);
        Assert.Empty(NewFile().Read());
        Assert.StartsWith($"{_folder.Path("d.json")}: not readable, so multicast addresses that an earlier run added "
            + "to interfaces stay there", Assert.Single(_warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Failure_to_write_is_a_warning()
    {
        Directory.CreateDirectory(_folder.Path("d.json"));
        NewFile().Write([]);
        Assert.StartsWith("multicast addresses not saved, the next run will not remove them: ",
            Assert.Single(_warnings), StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private MulticastFile NewFile() => new(_folder.Path("d.json"), _warnings.Add);
}
