using Sidestep.Forwarding;

namespace Sidestep.Control.Health;

/// <summary>Says who is fit for traffic; what the loop asks before it compiles.</summary>
public interface IHealth
{
    /// <summary>Raised, on any thread, after somebody became fit or unfit.</summary>
    event Action? Changed;

    /// <summary>Who is fit now, of the servers of a configuration that may come into force.</summary>
    ServerHealth Evaluate(EffectiveConfiguration configuration);

    /// <summary>Packets are forwarded by tables that were compiled with this.</summary>
    void Applied(EffectiveConfiguration configuration, ForwardingTables tables, ServerHealth health);
}
