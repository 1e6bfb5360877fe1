using Sidestep.Daemon;
using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon;

public sealed class ConfigurationSourceTests : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _watch = Task.CompletedTask;
    private ConfigurationSource _file;
    private HostInfo _host = TestDirector.Host;
    private int _changes;

    public ConfigurationSourceTests()
    {
        _folder.Write("d.yaml", TestDirector.Yaml);
        _file = Open();
    }

    [Fact]
    public void Path_is_absolute()
    {
        using var file = ConfigurationSource.OfFile("d.yaml", () => _host, TimeProvider.System);
        Assert.Equal(Path.GetFullPath("d.yaml"), file.Path);
    }

    [Fact]
    public void File_is_read_and_validated_against_this_machine()
    {
        Assert.Equal("edge1", _file.Read().Configuration!.Node.Name);
        _host = new HostInfo([new HostInterface("eth0", [TestDirector.Host.Interfaces[0].Addresses[0]])]);
        _file.Dispose();
        _file = Open();
        Assert.Contains("2001:db8:113::10", Assert.Single(_file.Read().Errors).Format("d.yaml", "error"),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_file_is_an_error()
    {
        using var file = ConfigurationSource.OfFile(_folder.Path("none.yaml"), () => _host, TimeProvider.System);
        Assert.Contains("none.yaml", Assert.Throws<IOException>(file.Read).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Change_and_forced_reload_are_reported_once_each()
    {
        _file.Read();
        Watch();
        _folder.Replace("d.yaml", TestDirector.Yaml + "\n# changed");
        await Waiting.UntilAsync(() => _changes == 1);
        _file.ForceReload();
        await Waiting.UntilAsync(() => _changes == 2);
        Assert.Equal(3, _file.Store.Current.Number);
    }

    [Fact]
    public async Task Change_between_the_read_and_the_watch_is_reported()
    {
        _file.Read();
        _folder.Replace("d.yaml", TestDirector.Yaml + "\n# changed");
        Watch();
        await Waiting.UntilAsync(() => _changes == 1);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        if (_watch != Task.CompletedTask)
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _watch.WaitAsync(TimeSpan.FromSeconds(30)));
        _file.Dispose();
        _stop.Dispose();
        _folder.Dispose();
    }

    private ConfigurationSource Open() =>
        ConfigurationSource.OfFile(_folder.Path("d.yaml"), () => _host, TimeProvider.System);

    private void Watch() => _watch = _file.WatchAsync(() => _changes++, _stop.Token);
}
