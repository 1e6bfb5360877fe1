using Sidestep.Agent.Running;

namespace Sidestep.UnitTests.Agent.Running;

public sealed class ReloadRequestsTests
{
    private readonly ReloadRequests _requests = new();

    [Fact(Timeout = 20_000)]
    public async Task Requests_during_a_reload_are_one_further_reload()
    {
        using var stop = new CancellationTokenSource();
        var reloads = 0;
        _requests.Request();
        _requests.Request();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _requests.RunAsync(() =>
        {
            if (++reloads == 1)
            {
                _requests.Request();
                _requests.Request();
            }
            else
                stop.Cancel();
        }, stop.Token));
        Assert.Equal(2, reloads);
    }

    [Fact]
    public async Task Without_a_request_nothing_is_reloaded() =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            _requests.RunAsync(static () => Assert.Fail("a reload"), new CancellationToken(canceled: true)));
}
