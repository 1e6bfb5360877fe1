using System.Text;
using Sidestep.Api;
using Sidestep.Forwarding;
using Sidestep.Forwarding.LocalApi;
using Sidestep.Forwarding.Plans;
using Sidestep.Model;

namespace Sidestep.Cli.Managed;

/// <summary>A director with the managed engine: nothing is pinned, and the daemon has the state.</summary>
public sealed class ManagedDirector : IDisposable
{
    private readonly DirectorClient _client;

    /// <param name="socketPath">Path of the Unix socket of the director's daemon.</param>
    internal ManagedDirector(string socketPath) => _client = DirectorClient.OnThisMachine(socketPath);

    /// <summary>Null: the director has the other engine, or its daemon does not run.</summary>
    public static ManagedDirector? Find(NodeSettings director) =>
        LocalDaemon.Query(DirectorFiles.SocketPath(director), static c => c.GetStatusAsync(CancellationToken.None)) is
        { Engine: EngineKind.Managed } ? new ManagedDirector(DirectorFiles.SocketPath(director)) : null;

    /// <summary>Gets the plan of a configuration from the daemon; null: the director has the other engine.</summary>
    /// <exception cref="EngineException">The daemon does not respond.</exception>
    public static Plan? Plan(NodeSettings director, string text)
    {
        using var found = Find(director);
        return found?.Query<Plan>(LocalApiPaths.Plan, Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Traces a frame in the daemon, which sends nothing; null: the director has the other engine.</summary>
    /// <exception cref="EngineException">The daemon does not respond.</exception>
    public static TraceResponse? Trace(NodeSettings director, TraceRequest request)
    {
        using var found = Find(director);
        return found?.Query<TraceResponse>(LocalApiPaths.Trace, LocalApiJson.Write(request));
    }

    /// <summary>Calls <paramref name="visit"/> for every tracked flow.</summary>
    /// <exception cref="EngineException">The daemon does not respond.</exception>
    public FlowTableStatus Visit(Action<TrackedFlow> visit)
    {
        ArgumentNullException.ThrowIfNull(visit);
        var flows = Query<FlowsResponse>(LocalApiPaths.Flows, null);
        foreach (var flow in flows.Flows)
            visit(flow);
        return flows.Table;
    }

    /// <summary>Starts a capture, or gets the frames that were recorded since the previous request.</summary>
    /// <exception cref="EngineException">The daemon does not respond, or the capture has ended.</exception>
    internal CaptureResponse Capture(CaptureRequest request) =>
        Query<CaptureResponse>(LocalApiPaths.Capture, LocalApiJson.Write(request));

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private T Query<T>(string path, byte[]? body)
    {
        try
        {
            return LocalApiJson.Read<T>(_client.QueryEngineAsync(path, body, CancellationToken.None).GetAwaiter()
                .GetResult());
        }
        catch (DirectorException e)
        {
            throw new EngineException(e.Message, e);
        }
    }
}
