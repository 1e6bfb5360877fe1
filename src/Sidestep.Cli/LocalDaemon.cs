using System.Diagnostics;
using System.Text.Json;
using Sidestep.Api;
using Sidestep.Forwarding;
using Sidestep.Forwarding.TrackedFlows;
using Sidestep.Model;

namespace Sidestep.Cli;

/// <summary>The daemon of a director on this machine, as a server of requests.</summary>
/// <param name="name">Name of the director.</param>
/// <param name="socketPath">Path of the daemon's socket.</param>
/// <param name="isRunning">True while a daemon holds the lock of the director.</param>
/// <param name="startTimeout">How long to wait for the socket of a daemon that has just started.</param>
internal sealed class LocalDaemon(string name, string socketPath, Func<bool> isRunning, TimeSpan startTimeout)
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>The daemon of a director.</summary>
    internal static LocalDaemon Of(DirectorTarget director) => new(director.Name,
        DirectorFiles.SocketPath(director.Node), () => DirectorFiles.IsRunning(director.Node), StartTimeout);

    /// <summary>Sends a request to the daemon, or reads the pinned tables if no daemon listens. A daemon opens its
    /// socket after its first tables, so one that has just started is waited for.</summary>
    /// <param name="request">Sends the request.</param>
    /// <param name="readPinned">Reads the pinned tables, given whether a daemon runs; null: there are none.</param>
    /// <returns>Null: there is no such director.</returns>
    /// <exception cref="EngineException">The daemon does not respond, has only begun to start, or rejected the
    /// request; or the tables cannot be read.</exception>
    /// <exception cref="UnknownNameException">The director has no service or server of a name in the
    /// request.</exception>
    internal T? Query<T>(Func<DirectorClient, Task<T>> request, Func<bool, T?> readPinned) where T : class
    {
        var started = Stopwatch.GetTimestamp();
        bool isStarting;
        while (true)
        {
            if (TryQuery(request) is { } response)
                return response;
            isStarting = isRunning();
            if (!isStarting || Stopwatch.GetElapsedTime(started) >= startTimeout)
                break;
            Thread.Sleep(PollInterval);
        }
        return readPinned(isStarting) ?? (isStarting ? throw new EngineException(
            $"the daemon of the director '{name}' is starting: try again in a moment") : null);
    }

    /// <summary>Runs a request, and turns its errors into those of the commands.</summary>
    /// <exception cref="EngineException">The daemon does not respond, or rejected the request.</exception>
    /// <exception cref="UnknownNameException">The director has no service or server of a name in the
    /// request.</exception>
    internal static T Run<T>(Task<T> request)
    {
        try
        {
            return request.GetAwaiter().GetResult();
        }
        catch (DirectorException e) when (e.Problem is { Status: ApiProblem.UnknownNameStatus } problem)
        {
            throw new UnknownNameException(problem.Detail);
        }
        catch (DirectorException e) when (!e.HasNoListener)
        {
            throw new EngineException(TextOf(e), e);
        }
    }

    private T? TryQuery<T>(Func<DirectorClient, Task<T>> request) where T : class
    {
        using var client = DirectorClient.OnThisMachine(socketPath);
        try
        {
            return Run(request(client));
        }
        catch (DirectorException e) when (e.HasNoListener)
        {
            return null;
        }
    }

    private static string TextOf(DirectorException e) => e switch
    {
        { InnerException: JsonException } or { Status: 404 } =>
            $"{e.Message}. Use the same version of sidestep and sidestepd",
        { Problem: { } problem } => problem.Detail,
        _ => e.Message,
    };
}
