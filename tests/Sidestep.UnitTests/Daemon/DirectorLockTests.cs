using Sidestep.Daemon;
using Sidestep.Forwarding;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon;

public sealed class DirectorLockTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task Lock_is_taken_in_a_new_folder_and_released_when_disposed()
    {
        var path = _folder.Path("run/d.lock");
        for (var i = 0; i < 2; i++)
        {
            using var file = await AcquireAsync(path);
            Assert.Throws<IOException>(() => new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None));
        }
        Assert.Equal(0, _time.GetTimestamp());
    }

    [Fact]
    public async Task Lock_that_is_released_within_a_second_is_taken()
    {
        var path = _folder.Path("d.lock");
        var other = await AcquireAsync(path);
        var pending = AcquireAsync(path);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.False(pending.IsCompleted);
        await other.DisposeAsync();
        await _time.CompleteAsync(pending, TimeSpan.FromMilliseconds(200));
        await (await pending).DisposeAsync();
    }

    [Fact]
    public async Task Lock_of_another_daemon_is_an_error_after_nine_pauses()
    {
        var path = _folder.Path("d.lock");
        using var other = await AcquireAsync(path);
        var pending = AcquireAsync(path);
        var failure = await Assert.ThrowsAsync<EngineException>(() => _time.CompleteAsync(pending));
        Assert.Equal(TimeSpan.FromMilliseconds(900), _time.GetElapsedTime(0));
        Assert.StartsWith(
            $"another sidestepd runs for the director 'edge1' (pid {Environment.ProcessId}, lock {path}): stop it, or "
                + "give this one another node.name (",
            failure.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private Task<FileStream> AcquireAsync(string path) =>
        DirectorLock.AcquireAsync(path, "edge1", _time);
}
