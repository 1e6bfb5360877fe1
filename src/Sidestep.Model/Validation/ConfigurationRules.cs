namespace Sidestep.Model.Validation;

/// <summary>The rules between values of the document, and between the document and the machine; one file per
/// rule.</summary>
internal static class ConfigurationRules
{
    public static void Check(ConfigurationDocument document, IssueList issues)
    {
        ServerCountRules.Check(document, issues);
        UniqueNameRules.Check(document, issues);
        UniqueServerAddressRules.Check(document, issues);
        UniqueServiceRules.Check(document, issues);
        ReferenceRules.Check(document, issues);
        ProfileProtocolRules.Check(document, issues);
        PortTranslationRules.Check(document, issues);
        AccessListRules.Check(document, issues);
        OuterSourceRules.Check(document, issues);
        ProfileLimitRules.Check(document, issues);
        AlgorithmRules.Check(document, issues);
        OncePerDatagramRules.Check(document, issues);
        FragmentRules.Check(document, issues);
        VipRules.Check(document, issues);
        VipOverlapRules.Check(document, issues);
        HashKeyRules.Check(document, issues);
        DriverRules.Check(document, issues);
        ManagedEngineRules.Check(document, issues);
        EncapsulationRules.Check(document, issues);
        WindowsServerRules.Check(document, issues);
        MonitorKeyRules.Check(document, issues);
        MonitorTimingRules.Check(document, issues);
        MonitorTargetRules.Check(document, issues);
        DsrPathRules.Check(document, issues);
        MinHealthyMonitorsRules.Check(document, issues);
        ProbeRateRules.Check(document, issues);
        UnusedObjectRules.Check(document, issues);
        PoolAvailabilityRules.Check(document, issues);
        ListenerRules.Check(document, issues);
        OtlpRules.Check(document, issues);
        if (document.Host is { } host)
            HostRules.Check(document, host, issues);
    }
}
