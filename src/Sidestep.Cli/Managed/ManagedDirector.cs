using System.Text;
using Sidestep.Api;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Plans;
using Sidestep.Forwarding.LocalApi;
using Sidestep.Model;

namespace Sidestep.Cli.Managed;

/// <summary>A director whose daemon is the engine: nothing is pinned, and the daemon is asked.</summary>
public sealed class ManagedDirector : IDisposable
{
    private readonly DirectorClient _client;

    private ManagedDirector(DirectorSettings director) => _client = DirectorClient.OnThisMachine(DaemonReport.SocketPath(director));

    /// <summary>Null: the director is of the other engine, or there is none.</summary>
    public static ManagedDirector? Find(DirectorSettings director) =>
        DaemonReport.Read(director) is { Engine: EngineKind.Managed } && DaemonReport.IsRunning(director) ? new ManagedDirector(director) : null;

    /// <summary>What a configuration would change; null: the director is of the other engine.</summary>
    /// <exception cref="EngineException">It cannot be asked.</exception>
    public static Plan? Plan(DirectorSettings director, string text)
    {
        using var found = Find(director);
        return found?.Query<Plan>(LocalApiPaths.Plan, Encoding.UTF8.GetBytes(text));
    }

    /// <summary>What would happen to a frame; null: the director is of the other engine.</summary>
    /// <exception cref="EngineException">It cannot be asked.</exception>
    public static TraceResponse? Trace(DirectorSettings director, TraceRequest request)
    {
        using var found = Find(director);
        return found?.Query<TraceResponse>(LocalApiPaths.Trace, LocalApiJson.Write(request));
    }

    /// <summary>What it does right now.</summary>
    /// <exception cref="EngineException">It cannot be asked.</exception>
    public DirectorStatus Status() => Query<DirectorStatus>(LocalApiPaths.Status, null);

    /// <summary>Hands over every flow that is remembered.</summary>
    /// <exception cref="EngineException">It cannot be asked.</exception>
    public FlowTableStatus Visit(Action<TrackedFlow> visit)
    {
        ArgumentNullException.ThrowIfNull(visit);
        var flows = Query<FlowsResponse>(LocalApiPaths.Flows, null);
        foreach (var flow in flows.Flows)
            visit(flow);
        return flows.Table;
    }

    /// <summary>Goes on with a capture.</summary>
    /// <exception cref="EngineException">It cannot be asked, or the capture has ended.</exception>
    internal CaptureResponse Capture(CaptureRequest request) => Query<CaptureResponse>(LocalApiPaths.Capture, LocalApiJson.Write(request));

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private T Query<T>(string path, byte[]? body)
    {
        try
        {
            return LocalApiJson.Read<T>(_client.QueryEngineAsync(path, body, CancellationToken.None).GetAwaiter().GetResult());
        }
        catch (DirectorException e)
        {
            throw new EngineException(e.Message, e);
        }
    }
}
