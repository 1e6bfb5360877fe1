using System.Diagnostics;
using System.Text.Json;
using Sidestep.Api;
using Sidestep.Api.Status;
using Sidestep.Engine.Xdp;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.Cli;

/// <summary>Sends requests to the daemon of a director on this machine.</summary>
public static class LocalDaemon
{
    /// <summary>A daemon opens its socket after its first tables, so one that has just started is waited for.</summary>
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>The status of a director: from its daemon, or from its pinned tables if no daemon answers.</summary>
    /// <returns>Null: there is no such director.</returns>
    /// <exception cref="EngineException">The status cannot be read, or the daemon has only begun to start.</exception>
    public static DirectorStatus? ReadStatus(NodeSettings director)
    {
        ArgumentNullException.ThrowIfNull(director);
        return ReadStatus(director, DirectorFiles.SocketPath(director), () => DirectorFiles.IsRunning(director),
            () => PinnedStatus.Read(director.PinPath, director.Name), StartTimeout);
    }

    internal static DirectorStatus? ReadStatus(NodeSettings director, string socketPath, Func<bool> isRunning,
        Func<DirectorStatus?> readPinned, TimeSpan startTimeout)
    {
        var started = Stopwatch.GetTimestamp();
        bool isStarting;
        while (true)
        {
            if (Query(socketPath, static c => c.GetStatusAsync(CancellationToken.None)) is { } status)
                return status;
            isStarting = isRunning();
            if (!isStarting || Stopwatch.GetElapsedTime(started) >= startTimeout)
                break;
            Thread.Sleep(PollInterval);
        }
        return readPinned() is { } pinned
            ? pinned with { Daemon = pinned.Daemon with { Running = isStarting, Starting = isStarting } }
            : isStarting ? throw new EngineException(
                $"the daemon of the director '{director.Name}' is starting: try again in a moment")
            : null;
    }

    /// <summary>Sends a request to the daemon.</summary>
    /// <param name="socketPath">Path of the daemon's socket.</param>
    /// <param name="request">Sends it.</param>
    /// <returns>The response; null: no daemon listens.</returns>
    /// <exception cref="EngineException">The daemon does not respond, or rejected the request.</exception>
    internal static T? Query<T>(string socketPath, Func<DirectorClient, Task<T>> request) where T : class
    {
        using var client = DirectorClient.OnThisMachine(socketPath);
        try
        {
            return request(client).GetAwaiter().GetResult();
        }
        catch (DirectorException e) when (e.HasNoListener)
        {
            return null;
        }
        catch (DirectorException e)
        {
            var remedy = e.InnerException is JsonException ? ". Use the same version of sidestep and sidestepd" : "";
            throw new EngineException(e.Message + remedy, e);
        }
    }
}
