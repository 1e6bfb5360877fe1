namespace Sidestep.Model.Validation;

/// <summary>What one value of the document asks of another, or of the machine; one file per rule.</summary>
internal static class Rules
{
    public static void Check(Document document, IssueList issues)
    {
        TotalOfServers.Check(document, issues);
        UniqueNames.Check(document, issues);
        UniqueServerAddresses.Check(document, issues);
        UniqueServices.Check(document, issues);
        References.Check(document, issues);
        ProfileFitsProtocol.Check(document, issues);
        NoPortTranslation.Check(document, issues);
        AccessListsAreClear.Check(document, issues);
        OuterSources.Check(document, issues);
        ProfileSettings.Check(document, issues);
        AlgorithmsFit.Check(document, issues);
        VipsAreServed.Check(document, issues);
        VipIsNoServer.Check(document, issues);
        HashKeyIsSecret.Check(document, issues);
        DriversFitEngine.Check(document, issues);
        ManagedEngineCan.Check(document, issues);
        EncapsulationHasMeaning.Check(document, issues);
        WindowsNeedsLayerTwo.Check(document, issues);
        MonitorKeysFitType.Check(document, issues);
        MonitorTimesFit.Check(document, issues);
        MonitorsHaveTargets.Check(document, issues);
        DsrPathIsProven.Check(document, issues);
        HealthyIsPossible.Check(document, issues);
        ProbesComeInTime.Check(document, issues);
        EverythingIsUsed.Check(document, issues);
        PoolsCanServe.Check(document, issues);
        if (document.Host is { } host)
            HostRules.Check(document, host, issues);
    }
}
