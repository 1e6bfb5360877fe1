using Sidestep.Model;

namespace Sidestep.Forwarding;

/// <summary>Replaces values of a real server, whatever the configuration says.</summary>
/// <param name="Pool">The pool of the server.</param>
/// <param name="Server">The name of the server.</param>
/// <param name="State">Its state: draining only if the configuration enables it, or disabled; null: that of the
/// configuration.</param>
/// <param name="Weight">Its weight; null: that of the configuration.</param>
public sealed record ServerOverride(PoolKey Pool, string Server, ServerState? State, int? Weight)
{
    /// <summary>The server with the values of this override.</summary>
    public RealServer ApplyTo(RealServer server)
    {
        ArgumentNullException.ThrowIfNull(server);
        // A drain does not enable a server that is disabled.
        var state = State == ServerState.Draining && server.State != ServerState.Enabled ? server.State
            : State ?? server.State;
        return state == server.State && (Weight ?? server.Weight) == server.Weight ? server
            : server with { State = state, Weight = Weight ?? server.Weight };
    }
}
