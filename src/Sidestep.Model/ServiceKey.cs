namespace Sidestep.Model;

/// <summary>Identifies a virtual service.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Name">Its name, unique among the tenant's services.</param>
public readonly record struct ServiceKey(TenantName Tenant, string Name)
{
    /// <summary>A service of the default tenant.</summary>
    public static ServiceKey InDefault(string name) => new(TenantName.Default, name);

    /// <summary>The text: <c>web</c>, or <c>red/web</c> in the tenant red.</summary>
    public override string ToString() => Tenant.Qualify(Name);

    /// <summary>Parses the result of <see cref="ToString"/>.</summary>
    public static ServiceKey Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (tenant, name) = TenantName.Split(text);
        return new ServiceKey(tenant, name);
    }
}
