namespace Sidestep.Model;

/// <summary>Identifies a pool.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Name">Its name, unique among the tenant's pools.</param>
public readonly record struct PoolKey(TenantName Tenant, string Name)
{
    /// <summary>A pool of the default tenant.</summary>
    public static PoolKey InDefault(string name) => new(TenantName.Default, name);

    /// <summary>The text: <c>web</c>, or <c>red/web</c> in the tenant red.</summary>
    public override string ToString() => Tenant.Qualify(Name);

    /// <summary>Parses the result of <see cref="ToString"/>.</summary>
    public static PoolKey Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (tenant, name) = TenantName.Split(text);
        return new PoolKey(tenant, name);
    }
}
