using Sidestep.Control.Stores;
using Sidestep.UnitTests.Daemon;
using Sidestep.UnitTests.Model;

namespace Sidestep.UnitTests.Control.Stores;

/// <summary>Quiet period and retries, by a clock of the test.</summary>
public sealed class FileConfigStoreTimeTests : IAsyncDisposable
{
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(200);
    private readonly ManualTime _time = new();
    private readonly TempFolder _folder = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly FileConfigStore _store;
    private readonly Task _watch;

    public FileConfigStoreTimeTests()
    {
        _folder.Write("d.yaml", TestDocument.Valid);
        _store = new FileConfigStore(_folder.Path("d.yaml"), static () => TestDocument.Host, _time);
        _watch = _store.RunAsync(_stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _watch.WaitAsync(TimeSpan.FromSeconds(60)));
        _store.Dispose();
        _stop.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task File_that_is_written_in_place_is_read_after_it_was_quiet_for_200_ms()
    {
        _folder.Write("d.yaml", TestDocument.Valid + "\n# one");
        await DueInAsync(Quiet);
        Assert.Equal(1, _store.Current.Number);
        var changed = _store.WaitForChangeAsync(1, _stop.Token);
        // The kernel may report one write as several changes, each of which begins the quiet period again.
        await Waiting.UntilAsync(() =>
        {
            if (_time.NextDue == Quiet)
                _time.Advance(Quiet);
            return changed.IsCompleted;
        });
    }

    [Fact]
    public async Task Failed_reads_are_tried_again_less_and_less_often_and_reported_once()
    {
        File.Delete(_folder.Path("d.yaml"));
        await DueInAsync(Quiet);
        _time.Advance(Quiet);
        foreach (int pause in new[] { 100, 200, 400 })
        {
            await DueInAsync(TimeSpan.FromMilliseconds(pause));
            Assert.Equal(1, _store.Current.Number);
            _time.Advance(TimeSpan.FromMilliseconds(pause));
        }
        foreach (int pause in new[] { 800, 1600, 3200, 6400, 10_000, 10_000, 10_000 })
        {
            await DueInAsync(TimeSpan.FromMilliseconds(pause));
            Assert.Equal(2, _store.Current.Number);
            Assert.Contains("d.yaml", _store.Current.Problem!, StringComparison.Ordinal);
            _time.Advance(TimeSpan.FromMilliseconds(pause));
        }
    }

    [Fact]
    public async Task File_whose_place_a_directory_takes_is_a_problem_and_is_read_when_it_is_back()
    {
        var path = _folder.Path("d.yaml");
        File.Delete(path);
        Directory.CreateDirectory(path);
        await Waiting.UntilAsync(() =>
        {
            _time.Advance(_time.NextDue ?? TimeSpan.Zero);
            return _store.Current.Problem is not null;
        });
        Directory.Delete(path);
        _folder.Write("d.yaml", TestDocument.Valid);
        await Waiting.UntilAsync(() =>
        {
            _time.Advance(_time.NextDue ?? TimeSpan.Zero);
            return _store.Current.Result is not null;
        });
        Assert.Equal(3, _store.Current.Number);
    }

    private Task DueInAsync(TimeSpan pause) =>
        Waiting.UntilAsync(() => _time.NextDue == pause, () => $"due in {_time.NextDue}, expected {pause}");
}
