using Sidestep.Forwarding;

namespace Sidestep.Control;

/// <summary>Receives notifications of the control loop, on its thread; must not block.</summary>
public interface IControlObserver
{
    /// <summary>The engine applied these tables.</summary>
    /// <param name="configuration">The configuration that they were compiled from.</param>
    /// <param name="tables">The tables.</param>
    /// <param name="nextHops">The next hops that they were compiled with, and why other servers have none.</param>
    /// <param name="isNewest">False: a newer configuration could not be applied, and the previous one was applied
    /// again.</param>
    void Applied(EffectiveConfiguration configuration, ForwardingTables tables, NextHops nextHops, bool isNewest);

    /// <summary>The engine attached to other interfaces.</summary>
    void Attached(IReadOnlyList<AttachedInterface> interfaces);

    /// <summary>The engine is not attached to an interface that it was attached to, and could not attach again. The
    /// tables are in force.</summary>
    void NotAttached(string reason);

    /// <summary>A change failed, and the previous tables stay. The loop retries a few times.</summary>
    /// <param name="reason">Why, as a sentence.</param>
    /// <param name="fault">An exception that nothing expects; null: the reason says everything.</param>
    void Failed(string reason, Exception? fault);
}
