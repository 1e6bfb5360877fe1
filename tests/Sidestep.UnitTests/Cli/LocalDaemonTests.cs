using Microsoft.AspNetCore.Http;
using Sidestep.Api;
using Sidestep.Api.Status;
using Sidestep.Cli;
using Sidestep.Forwarding;
using Sidestep.UnitTests.Api;

namespace Sidestep.UnitTests.Cli;

/// <summary>The daemon is asked first; the pinned tables answer only when no daemon listens.</summary>
public sealed class LocalDaemonTests
{
    private const string NoSocket = "/nowhere/director.sock";

    [Fact]
    public async Task Daemon_answers_and_the_pinned_tables_are_not_read()
    {
        await using var daemon = await LocalDirector.StartAsync(static _ =>
            Results.Json(TestDirector.Full, ApiJson.Default.DirectorStatus));
        var status = Read(daemon.SocketPath, isRunning: true, static () => throw new InvalidOperationException());
        Assert.Equal(StatusSource.Daemon, status!.Source);
        Assert.Equal(["GET /api/v1/status"], daemon.Requests);
    }

    [Fact]
    public void Without_a_daemon_the_pinned_tables_answer()
    {
        var status = Read(NoSocket, isRunning: false, static () => TestDirector.Pinned)!;
        Assert.Equal((StatusSource.PinnedTables, false, false),
            (status.Source, status.Daemon.Running, status.Daemon.Starting));
        Assert.Null(Read(NoSocket, isRunning: false, static () => null));
    }

    [Fact]
    public async Task Killed_daemon_leaves_a_socket_and_the_pinned_tables_answer()
    {
        var folder = Directory.CreateTempSubdirectory("sidestep-").FullName;
        var path = Path.Combine(folder, "director.sock");
        using (var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix,
            System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified))
        {
            // A bound socket that does not listen refuses, as one whose process is gone.
            socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(path));
            Assert.Equal(StatusSource.PinnedTables,
                Read(path, isRunning: false, static () => TestDirector.Pinned)!.Source);
        }
        await Task.Run(() => Directory.Delete(folder, recursive: true), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Daemon_without_a_socket_yet_is_starting()
    {
        var status = Read(NoSocket, isRunning: true, static () => TestDirector.Pinned)!;
        Assert.Equal((StatusSource.PinnedTables, true, true),
            (status.Source, status.Daemon.Running, status.Daemon.Starting));
        Assert.Equal("the daemon of the director 'edge1' is starting: try again in a moment",
            Assert.Throws<EngineException>(() => Read(NoSocket, isRunning: true, static () => null)).Message);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "director": "edge1", "version": "0.1.0", "agents": [], "conflicts": [] }""")]
    [InlineData("")]
    public async Task Daemon_of_another_version_is_an_error(string body)
    {
        await using var daemon = await LocalDirector.StartAsync(_ => Results.Text(body, "application/json"));
        Assert.EndsWith(". Use the same version of sidestep and sidestepd", Assert.Throws<EngineException>(() =>
            Read(daemon.SocketPath, isRunning: true, static () => TestDirector.Pinned)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rejection_by_the_daemon_is_an_error()
    {
        await using var daemon = await LocalDirector.StartAsync(static _ =>
            LocalDirector.Problem(409, "not now", "the tables cannot be read"));
        Assert.Equal("the tables cannot be read",
            Assert.Throws<EngineException>(() =>
                Read(daemon.SocketPath, isRunning: true, static () => TestDirector.Pinned)).Message);
    }

    private static DirectorStatus? Read(string socketPath, bool isRunning, Func<DirectorStatus?> readPinned) =>
        DirectorQueries.ReadStatus(
            new LocalDaemon("edge1", socketPath, () => isRunning, TimeSpan.Zero), readPinned);
}
