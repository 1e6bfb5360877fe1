namespace Sidestep.Model;

/// <summary>Identifies a real server as agents and operators do: one name in several pools of a tenant is one
/// host.</summary>
/// <param name="Tenant">The tenant.</param>
/// <param name="Name">Its name, or its own address as <see cref="VrfAddress"/> writes it.</param>
public readonly record struct RealServerKey(TenantName Tenant, string Name)
{
    /// <summary>A real server of the default tenant.</summary>
    public static RealServerKey InDefault(string name) => new(TenantName.Default, name);

    /// <summary>The text: <c>web1</c>, or <c>red/web1</c> in the tenant red.</summary>
    public override string ToString() => Tenant.Qualify(Name);

    /// <summary>Parses the result of <see cref="ToString"/>.</summary>
    public static RealServerKey Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (tenant, name) = TenantName.Split(text);
        return new RealServerKey(tenant, name);
    }
}
