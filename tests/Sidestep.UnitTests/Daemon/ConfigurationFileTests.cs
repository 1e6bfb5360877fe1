using Sidestep.Daemon;
using Sidestep.Model;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon;

public sealed class ConfigurationFileTests : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);
    private readonly ManualTime _time = new();
    private readonly TempFolder _folder = new();
    private readonly ConfigurationFile _file;
    private readonly CancellationTokenSource _stop = new();
    private Task _watch = Task.CompletedTask;
    private HostInfo _host = TestDirector.Host;
    private int _changes;

    public ConfigurationFileTests()
    {
        _folder.Write("d.yaml", TestDirector.Yaml);
        _file = new ConfigurationFile(_folder.Path("d.yaml"), () => _host, _time);
    }

    [Fact]
    public void Path_is_absolute() =>
        Assert.Equal(Path.GetFullPath("d.yaml"), new ConfigurationFile("d.yaml", () => _host, _time).Path);

    [Fact]
    public void File_is_read_and_validated_against_this_machine()
    {
        Assert.Equal("edge1", _file.Read().Configuration!.Director.Name);
        _host = new HostInfo([new HostInterface("eth0", [TestDirector.Host.Interfaces[0].Addresses[0]])]);
        Assert.Contains("2001:db8:113::10", Assert.Single(_file.Read().Errors).Format("d.yaml", "error"),
            StringComparison.Ordinal);
        _folder.Write("d.yaml", "director: [");
        Assert.Null(_file.Read().Configuration);
        Assert.NotEmpty(_file.Read().Errors);
    }

    [Fact]
    public void Missing_file_is_an_error()
    {
        File.Delete(_file.Path);
        Assert.Throws<FileNotFoundException>(_file.Read);
    }

    [Fact]
    public async Task Unchanged_file_is_not_reported()
    {
        Watch();
        await TickAsync(100);
        Assert.Equal(0, _changes);
    }

    [Fact]
    public async Task Replaced_file_is_reported_at_once_and_once()
    {
        Watch();
        await TickAsync(3);
        _folder.Replace("d.yaml", TestDirector.Yaml + "\n");
        await TickAsync(1);
        Assert.Equal(0, _changes);
        await TickAsync(1);
        Assert.Equal(1, _changes);
        await TickAsync(50);
        Assert.Equal(1, _changes);
    }

    /// <summary>200 milliseconds are 40 intervals.</summary>
    [Fact]
    public async Task File_that_is_written_in_place_is_reported_when_it_is_quiet()
    {
        Watch();
        await TickAsync(1);
        _folder.Write("d.yaml", TestDirector.Yaml + "\n# one");
        await TickAsync(40);
        _folder.Write("d.yaml", TestDirector.Yaml + "\n# one\n# two");
        await TickAsync(40);
        Assert.Equal(0, _changes);
        await TickAsync(1);
        Assert.Equal(1, _changes);
    }

    [Fact]
    public async Task Change_between_the_read_and_the_watch_is_reported()
    {
        _file.Read();
        _folder.Replace("d.yaml", TestDirector.Yaml + "\n");
        Watch(read: false);
        await TickAsync(2);
        Assert.Equal(1, _changes);
    }

    [Fact]
    public async Task Deleted_file_is_not_reported_before_it_is_back()
    {
        Watch();
        File.Delete(_file.Path);
        await TickAsync(50);
        Assert.Equal(0, _changes);
        _folder.Write("d.yaml", TestDirector.Yaml);
        await TickAsync(50);
        Assert.Equal(1, _changes);
    }

    [Fact]
    public async Task Forced_reload_reports_the_same_file()
    {
        Watch();
        await TickAsync(3);
        _file.ForceReload();
        await TickAsync(1);
        Assert.Equal(1, _changes);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await _watch.WaitAsync(TimeSpan.FromSeconds(30));
            throw new OperationCanceledException();
        });
        _stop.Dispose();
        _folder.Dispose();
    }

    private void Watch(bool read = true)
    {
        if (read)
            _file.Read();
        _watch = _file.WatchAsync(() =>
        {
            _file.Read();
            _changes++;
        }, _stop.Token);
    }

    /// <summary>Advances tick by tick. The watch handles a tick before the next one, because its continuation runs
    /// within.</summary>
    private async Task TickAsync(int ticks)
    {
        for (var i = 0; i < ticks; i++)
        {
            _time.Advance(Interval);
            await Task.Yield();
        }
    }
}
