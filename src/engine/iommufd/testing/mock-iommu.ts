export { MockPaging, MockUnit, type MockOptions } from '../../iommu/testing/mock-iommu';
