using System.Net.Sockets;
using Sidestep.Daemon.Api;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Daemon.Api;

public sealed class RetriedActionTests
{
    private readonly ManualTime _time = new();
    private readonly RetriedAction _retry;

    public RetriedActionTests() => _retry = new RetriedAction(_time);

    [Fact]
    public async Task Success_leaves_no_problem_and_the_next_attempt_is_due()
    {
        Assert.True(_retry.IsDue);
        await _retry.TryAsync("agents cannot connect", static () => Task.CompletedTask);
        Assert.Null(_retry.Problem);
        Assert.True(_retry.IsDue);
    }

    [Fact]
    public async Task Failure_is_described_with_its_consequence()
    {
        await FailAsync();
        Assert.Equal("agents cannot connect: port in use", _retry.Problem);
        await _retry.TryAsync("agents cannot connect", static () => Task.CompletedTask);
        Assert.Null(_retry.Problem);
    }

    [Fact]
    public async Task Pause_doubles_from_a_second_to_a_minute()
    {
        foreach (var seconds in new[] { 1, 2, 4, 8, 16, 32, 60, 60 })
        {
            await FailAsync();
            _time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            Assert.False(_retry.IsDue);
            _time.Advance(TimeSpan.FromMilliseconds(1));
            Assert.True(_retry.IsDue);
        }
    }

    [Fact]
    public async Task Reset_forgets_failures_and_the_pause()
    {
        await FailAsync();
        await FailAsync();
        _retry.Reset();
        Assert.True(_retry.IsDue);
        Assert.Null(_retry.Problem);
        await FailAsync();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_retry.IsDue);
    }

    [Fact]
    public async Task Failures_that_can_be_remedied_are_caught_and_faults_are_thrown()
    {
        Exception[] caught =
        [
            new ApiException("x"), new IOException("x"), new SocketException(98), new UnauthorizedAccessException("x"),
            new Microsoft.AspNetCore.Connections.AddressInUseException("x"), new InvalidOperationException("x"),
        ];
        foreach (var exception in caught)
        {
            _retry.Reset();
            await _retry.TryAsync("a", () => throw exception);
            Assert.Equal($"a: {exception.Message}", _retry.Problem);
        }
        await Assert.ThrowsAsync<FormatException>(() => _retry.TryAsync("a", static () => throw new FormatException()));
        await Assert.ThrowsAsync<OperationCanceledException>(() =>
            _retry.TryAsync("a", static () => throw new OperationCanceledException()));
    }

    private Task FailAsync() =>
        _retry.TryAsync("agents cannot connect", static () => throw new IOException("port in use"));
}
